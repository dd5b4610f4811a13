import { defineEntity, p } from '@mikro-orm/postgresql';
import type { DeliveryState } from './delivery.workflow.js';

const EhrDeliverySchema = defineEntity({
  name: 'EhrDelivery',
  tableName: 'ehr_delivery',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    connectionId: p.uuid(),
    patientId: p.string(),
    position: p.uuid(),
    resourceType: p.string(),
    resourceId: p.string(),
    resourceVersion: p.integer(),
    state: p.string().$type<DeliveryState>(),
    dueAt: p.datetime(),
    attempts: p.integer(),
    failures: p.integer(),
    awaitsEhr: p.boolean(),
    form: p.string().strictNullable(),
    problem: p.string().strictNullable(),
    httpStatus: p.integer().strictNullable(),
    remote: p.string().strictNullable(),
    reconciliationTask: p.string().strictNullable(),
    correlationId: p.string(),
    madeAt: p.datetime(),
    endedAt: p.datetime().strictNullable(),
  },
});

/**
 * One version of one resource on its way to one EHR. `attempts` counts every try and tells a late answer from the present one; `failures`
 * counts those that lay with this delivery; `awaitsEhr` marks a wait for the EHR itself, which ends when it answers again. `form` is the
 * type in which the EHR was told, `remote` what it calls the result (`Task/17`).
 */
export class EhrDelivery extends EhrDeliverySchema.class {}
EhrDeliverySchema.setClass(EhrDelivery);
