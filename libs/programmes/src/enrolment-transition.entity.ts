import { defineEntity, p } from '@mikro-orm/postgresql';

const EnrolmentTransitionSchema = defineEntity({
  name: 'EnrolmentTransition',
  tableName: 'enrolment_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    enrolmentId: p.uuid(),
    event: p.string(),
    fromState: p.string().strictNullable(),
    toState: p.string(),
    why: p.string().strictNullable(),
    at: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
  },
});

/** Append-only: who moved an enrolment from where to where, when and why. */
export class EnrolmentTransition extends EnrolmentTransitionSchema.class {}
EnrolmentTransitionSchema.setClass(EnrolmentTransition);
