import { defineEntity, p } from '@mikro-orm/postgresql';

/** Why two referrals may be one: the same patient, the same person under another number, the same request by another route. */
export type Likeness = 'same-patient' | 'same-person' | 'same-request';

const ReferralDuplicateSchema = defineEntity({
  name: 'ReferralDuplicate',
  tableName: 'referral_duplicate',
  properties: {
    clinicId: p.uuid().primary(),
    /** The one that was there first. */
    earlierId: p.uuid().primary(),
    laterId: p.uuid().primary(),
    because: p.array().$type<Likeness[]>(),
    state: p.string().$type<'suspected' | 'duplicate' | 'separate'>(),
    notedAt: p.datetime(),
    decidedAt: p.datetime().nullable(),
    decidedBy: p.string().nullable(),
    /** The one that was ended as a duplicate. */
    endedId: p.uuid().nullable(),
    comment: p.string().nullable(),
  },
});

/** Two referrals that may be one. They are shown to each other and never merged: a person says what they are. */
export class ReferralDuplicate extends ReferralDuplicateSchema.class {}
ReferralDuplicateSchema.setClass(ReferralDuplicate);
