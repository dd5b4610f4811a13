import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Dialect } from './referral.dialect.js';

const ReferralSourceSchema = defineEntity({
  name: 'ReferralSource',
  tableName: 'referral_source',
  properties: {
    clinicId: p.uuid().primary(),
    connectionId: p.uuid().primary(),
    dialect: p.string().$type<Dialect>(),
    taskHost: p.string().$type<'cairn' | 'requester'>(),
  },
});

/** How a connection speaks of referrals: the dialect of its Tasks, and which side hosts them. */
export class ReferralSource extends ReferralSourceSchema.class {}
ReferralSourceSchema.setClass(ReferralSource);
