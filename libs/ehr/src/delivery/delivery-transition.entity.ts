import { defineEntity, p } from '@mikro-orm/postgresql';
import type { DeliveryEvent, DeliveryState } from './delivery.workflow.js';

const EhrDeliveryTransitionSchema = defineEntity({
  name: 'EhrDeliveryTransition',
  tableName: 'ehr_delivery_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    deliveryId: p.uuid(),
    event: p.string().$type<DeliveryEvent>(),
    fromState: p.string().$type<DeliveryState>(),
    toState: p.string().$type<DeliveryState>(),
    attempt: p.integer(),
    problem: p.string().strictNullable(),
    httpStatus: p.integer().strictNullable(),
    actorKind: p.string(),
    actorId: p.string(),
    reason: p.string().strictNullable(),
    recordedAt: p.datetime(),
  },
});

/** What happened to a delivery, append-only: every try, its answer, and what a person decided. */
export class EhrDeliveryTransition extends EhrDeliveryTransitionSchema.class {}
EhrDeliveryTransitionSchema.setClass(EhrDeliveryTransition);
