import { defineEntity, p } from '@mikro-orm/postgresql';
import type { CheckStep } from './check-step.js';

const EhrCheckSchema = defineEntity({
  name: 'EhrCheck',
  tableName: 'ehr_check',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    connectionId: p.uuid(),
    checkedAt: p.datetime(),
    passed: p.boolean(),
    steps: p.json<CheckStep[]>(),
  },
});

/** The result of one self-test of a connection. */
export class EhrCheck extends EhrCheckSchema.class {}
EhrCheckSchema.setClass(EhrCheck);
