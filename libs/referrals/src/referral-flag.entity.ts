import { defineEntity, p } from '@mikro-orm/postgresql';
import type { FlagLevel } from './red-flag-rules.js';
import type { Ground } from './red-flags.js';

const ReferralFlagSchema = defineEntity({
  name: 'ReferralFlag',
  tableName: 'referral_flag',
  properties: {
    clinicId: p.uuid().primary(),
    referralId: p.uuid().primary(),
    flag: p.string().primary(),
    level: p.string().$type<FlagLevel>(),
    /** `hinted`: words in free text make one think of it. Nothing is known by that, but a person must read. */
    state: p.string().$type<'found' | 'denied' | 'hinted'>(),
    evidence: p.array(),
    /** What each piece of evidence says, and the source of the rule that reads it so. */
    grounds: p.json().$type<readonly Ground[]>(),
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

/** One red flag of one referral that is known to be there or not to be there, or that free text hints at. A flag without a row is not known. */
export class ReferralFlag extends ReferralFlagSchema.class {}
ReferralFlagSchema.setClass(ReferralFlag);

/** Whether the flag waits for a clinician. */
export const isOpen = (flag: ReferralFlag): boolean => flag.state !== 'denied' && !flag.acknowledgedAt;

/** Whether it waits and stops every decision. A hint stops nothing. */
export const isOpenHardStop = (flag: ReferralFlag): boolean => isOpen(flag) && flag.state === 'found' && flag.level === 'hard-stop';
