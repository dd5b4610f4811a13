import { defineEntity, p } from '@mikro-orm/postgresql';
import type { PlanContent } from './plan-content.js';

const PlanVersionSchema = defineEntity({
  name: 'PlanVersion',
  tableName: 'plan_version',
  properties: {
    clinicId: p.uuid().primary(),
    planId: p.uuid().primary(),
    revision: p.integer().primary(),
    content: p.json().$type<PlanContent>(),
    why: p.string(),
    madeAt: p.datetime(),
    madeBy: p.string(),
  },
});

/** The plan's wording as it was put in force: append-only. */
export class PlanVersion extends PlanVersionSchema.class {}
PlanVersionSchema.setClass(PlanVersion);
