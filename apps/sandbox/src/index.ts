export { startSandbox } from './sandbox.js';
export type { Sandbox, SandboxAddresses, SandboxOptions, SandboxPorts } from './sandbox.js';
export { readSettings } from './settings.js';
export type { HttpFault } from './shared/http-faults.js';

export { startSandboxEhr } from './ehr/ehr.js';
export type { CairnAddress, EhrOptions, SandboxEhr, SentReferral } from './ehr/ehr.js';
export { CairnUnavailable } from './ehr/cairn-client.js';
export type { CairnAnswer } from './ehr/cairn-client.js';
export type { Profile } from './ehr/capabilities.js';
export { DEMO_CLINIC, HOSPITAL } from './ehr/hospital.js';
export type { Clinic } from './ehr/hospital.js';
export { inventCohort } from './ehr/invented-cohort.js';
export type { Ranking, RankedPatient, RankingRule } from './ehr/pain-ranking.js';
export type { LoggedRequest } from './ehr/request-log.js';
export type { RegisteredClient } from './ehr/token-service.js';

export { startSmsGateway } from './sms/gateway.js';
export type { Behaviour, DeliveryStatus, Sms, SmsGateway, SmsOptions } from './sms/gateway.js';
export { signatureHeaders } from './sms/signature.js';
export type { WebhookAttempt } from './sms/webhooks.js';

export { startInbox } from './smtp/inbox.js';
export type { Inbox, InboxOptions, Mail } from './smtp/inbox.js';
export type { MailFault } from './smtp/mail-faults.js';

export { startIdentityProvider } from './oidc/identity-provider.js';
export type { IdentityProvider, OidcOptions } from './oidc/identity-provider.js';
export { signIn } from './oidc/sign-in.js';
export { ROLES } from './oidc/demo-users.js';
export type { Role } from './oidc/demo-users.js';
