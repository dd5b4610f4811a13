import { defineEntity, p } from '@mikro-orm/postgresql';

const PlanTransitionSchema = defineEntity({
  name: 'PlanTransition',
  tableName: 'plan_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    planId: p.uuid(),
    subject: p.string().$type<'plan' | 'goal' | 'achievement' | 'activity' | 'review'>(),
    subjectId: p.uuid(),
    event: p.string(),
    fromState: p.string().strictNullable(),
    toState: p.string(),
    why: p.string().strictNullable(),
    at: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
  },
});

/** Append-only: who moved what from where to where, when and why. */
export class PlanTransition extends PlanTransitionSchema.class {}
PlanTransitionSchema.setClass(PlanTransition);
