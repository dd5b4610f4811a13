import { defineEntity, p } from '@mikro-orm/postgresql';
import type { FlagLevel } from './red-flags.js';

const ReferralFlagSchema = defineEntity({
  name: 'ReferralFlag',
  tableName: 'referral_flag',
  properties: {
    clinicId: p.uuid().primary(),
    referralId: p.uuid().primary(),
    flag: p.string().primary(),
    level: p.string().$type<FlagLevel>(),
    state: p.string().$type<'found' | 'denied'>(),
    evidence: p.array(),
    /** Every code that found it is confirmed. A person's word is. */
    verified: p.boolean(),
    /** The person who said so, where no data did. */
    toldBy: p.string().nullable(),
    notedAt: p.datetime(),
    acknowledgedAt: p.datetime().nullable(),
    acknowledgedBy: p.string().nullable(),
    actionTaken: p.string().nullable(),
  },
});

/** One red flag of one referral that is known to be there or not to be there. A flag without a row is not known. */
export class ReferralFlag extends ReferralFlagSchema.class {}
ReferralFlagSchema.setClass(ReferralFlag);
