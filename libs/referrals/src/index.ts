import type { Entities } from '@cairn/platform';
import { Authorisation } from './authorisations/authorisation.entity.js';
import { IntakeLink } from './intake-link.entity.js';
import { ReferralProposal } from './referral-proposal.entity.js';
import { ReferralDuplicate } from './referral-duplicate.entity.js';
import { ReferralFlag } from './referral-flag.entity.js';
import { ReferralSource } from './referral-source.entity.js';
import { ReferralTransition } from './referral-transition.entity.js';
import { TriageRuleSet } from './triage-rule-set.entity.js';
import { Referral } from './referral.entity.js';

export { REFERRAL_ACTS } from './actions/referral-act.js';
export { DIALECTS, type Dialect } from './referral.dialect.js';
export type { Outcome } from './referral.acts.js';
export { ReferralDeliveries } from './referral-deliveries.service.js';
export * from './referral.events.js';
export { PATHWAYS, URGENCIES, referralSettingsSchema, type Pathway, type Urgency } from './referral.settings.js';
export { ReferralSources, type SourceFacts } from './referral-sources.service.js';
export { REFERRAL_EVENTS, REFERRAL_STATES, type ReferralState } from './referral.workflow.js';
export { Referrals, type ReferralFacts } from './referrals.service.js';
export { referralsMigrations } from './referrals.migration.js';
export { ReferralsModule } from './referrals.module.js';

/** Entities of this lib. */
export const referralsEntities: Entities = [Referral, ReferralTransition, ReferralFlag, ReferralSource, ReferralDuplicate, TriageRuleSet, IntakeLink, ReferralProposal, Authorisation];
