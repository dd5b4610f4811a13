import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ReferralEvent, ReferralState } from './referral.workflow.js';

const ReferralTransitionSchema = defineEntity({
  name: 'ReferralTransition',
  tableName: 'referral_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    referralId: p.uuid(),
    event: p.string().$type<ReferralEvent | 'receive'>(),
    fromState: p.string().$type<ReferralState>().nullable(),
    toState: p.string().$type<ReferralState>(),
    happenedAt: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
    actorName: p.string().nullable(),
    reasonCode: p.string().nullable(),
    comment: p.string().nullable(),
  },
});

/** One move of a referral: who, when, from, to, why. Append-only; in the order of their ids. */
export class ReferralTransition extends ReferralTransitionSchema.class {}
ReferralTransitionSchema.setClass(ReferralTransition);
