export { startSandbox } from './sandbox.js';
export type { Sandbox, SandboxOptions } from './sandbox.js';
export { readSettings } from './settings.js';

export { startSandboxEhr } from './ehr/ehr.js';
export type { SandboxEhr } from './ehr/ehr.js';
export { CairnUnavailable } from './ehr/cairn-client.js';

export { startSmsGateway } from './sms/gateway.js';
export type { SmsGateway } from './sms/gateway.js';

export { startInbox } from './smtp/inbox.js';
export type { Inbox } from './smtp/inbox.js';

export { startIdentityProvider } from './oidc/identity-provider.js';
export type { IdentityProvider } from './oidc/identity-provider.js';
export { signIn } from './oidc/sign-in.js';
export { ROLES } from './oidc/demo-users.js';
export type { Role } from './oidc/demo-users.js';
