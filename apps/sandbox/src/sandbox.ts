import { startSandboxEhr } from './ehr/ehr.js';
import type { CairnAddress, EhrOptions, SandboxEhr } from './ehr/ehr.js';
import { startIdentityProvider } from './oidc/identity-provider.js';
import type { IdentityProvider } from './oidc/identity-provider.js';
import { startSmsGateway } from './sms/gateway.js';
import type { SmsGateway, SmsOptions } from './sms/gateway.js';
import { startInbox } from './smtp/inbox.js';
import type { Inbox } from './smtp/inbox.js';

/** Where each part listens; 0 and what is left out mean any free port. `inbox` is the page on which mail is looked at. */
interface SandboxPorts {
  ehr?: number | undefined;
  sms?: number | undefined;
  smtp?: number | undefined;
  oidc?: number | undefined;
  inbox?: number | undefined;
}

/** How the outside world is set up. Without `dataDir` nothing is kept. */
export interface SandboxOptions {
  dataDir?: string | undefined;
  host?: string | undefined;
  /** The name that URLs carry, where it is not the address that is bound. */
  publicHost?: string | undefined;
  ports?: SandboxPorts | undefined;
  /** Where Cairn is; may be told later by `tellCairn`. */
  cairn?: CairnAddress | undefined;
  hospital?: Pick<EhrOptions, 'patients' | 'seed' | 'profile' | 'clinic' | 'clients'> | undefined;
  sms?: Pick<SmsOptions, 'token' | 'webhookSecret' | 'honoursIdempotency' | 'inboundUrl'> | undefined;
  accessTokenSeconds?: number | undefined;
}

/** Where the parts are found. */
interface SandboxAddresses {
  ehr: string;
  sms: string;
  smtp: string;
  oidc: string;
  inbox: string;
}

/** The outside world, running. */
export interface Sandbox {
  ehr: SandboxEhr;
  sms: SmsGateway;
  smtp: Inbox;
  oidc: IdentityProvider;
  addresses: SandboxAddresses;
  /** Tells all parts where Cairn is. */
  tellCairn(cairn: CairnAddress): void;
  /** Stops all parts. */
  stop(): Promise<void>;
}

/** Where Cairn takes replies to text messages, unless it is said otherwise. */
const REPLIES_PATH = '/webhooks/sms/replies';

/** Starts the outside world: a hospital, a text-message gateway, a mail server, an identity provider. All start or none does. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { dataDir, host, publicHost, ports = {}, cairn } = options;
  const place = { dataDir, host, publicHost };
  const starting = [
    startSandboxEhr({ ...options.hospital, ...place, port: ports.ehr }),
    startSmsGateway({ ...options.sms, ...place, port: ports.sms }),
    startInbox({ ...place, port: ports.smtp, httpPort: ports.inbox }),
    startIdentityProvider({ ...place, port: ports.oidc, accessTokenSeconds: options.accessTokenSeconds }),
  ] as const;
  const stopAll = async () => {
    const started = await Promise.allSettled(starting);
    await Promise.all(started.map((part) => (part.status === 'fulfilled' ? part.value.stop() : Promise.resolve())));
  };
  const [ehr, sms, smtp, oidc] = await Promise.all(starting).catch(async (error: unknown) => {
    await stopAll();
    throw error;
  });

  const tellCairn = (address: CairnAddress) => {
    ehr.connect(address);
    oidc.cairnUrl = address.url;
    sms.inboundUrl = options.sms?.inboundUrl ?? address.url + REPLIES_PATH;
  };
  if (cairn) tellCairn(cairn);
  ehr.rooms = [
    { name: 'Phones: text messages, and answers to them', url: sms.url },
    { name: 'Inbox: mail', url: smtp.pageUrl },
    { name: 'Identity provider: demo users', url: oidc.url },
  ];
  const addresses = { ehr: ehr.url, sms: sms.url, smtp: smtp.url, oidc: oidc.url, inbox: smtp.pageUrl };
  return { ehr, sms, smtp, oidc, addresses, tellCairn, stop: stopAll };
}
