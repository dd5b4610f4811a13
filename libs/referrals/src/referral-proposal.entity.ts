import { defineEntity, p } from '@mikro-orm/postgresql';

const ReferralProposalSchema = defineEntity({
  name: 'ReferralProposal',
  tableName: 'referral_proposal',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    encounterId: p.string(),
    procedureId: p.string(),
    evidence: p.array(),
    state: p.string().$type<'open' | 'accepted' | 'dismissed'>(),
    notedAt: p.datetime(),
    decidedAt: p.datetime().nullable(),
    decidedBy: p.string().nullable(),
    comment: p.string().nullable(),
    referralId: p.uuid().nullable(),
    version: p.integer().version(),
  },
});

/** A patient whom nobody has referred, and whose record says that pain goes on after a procedure. A coordinator decides whether it becomes a referral. */
export class ReferralProposal extends ReferralProposalSchema.class {}
ReferralProposalSchema.setClass(ReferralProposal);
