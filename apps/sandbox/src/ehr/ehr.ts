import { join } from 'node:path';
import type { WithId } from '@medplum/core';
import type { Bundle, Resource, ServiceRequest } from '@medplum/fhirtypes';
import { FaultSwitch } from '../shared/fault-switch.js';
import { Feed } from '../shared/feed.js';
import { applyHttpFaults } from '../shared/http-faults.js';
import type { HttpFault } from '../shared/http-faults.js';
import { createHttpServer, listen } from '../shared/http-server.js';
import type { Listening } from '../shared/http-server.js';
import { signingKey } from '../shared/signing-key.js';
import type { SigningKey } from '../shared/signing-key.js';
import { CairnClient, CairnUnavailable } from './cairn-client.js';
import type { CairnAnswer } from './cairn-client.js';
import type { Profile } from './capabilities.js';
import { admit, readBundles } from './cohort.js';
import type { Admission } from './cohort.js';
import { controlRoutes } from './control-routes.js';
import { loadDefinitions } from './definitions.js';
import { fhirRoutes } from './fhir-routes.js';
import { FhirService } from './fhir-service.js';
import { DEMO_CLINIC, hospitalOrganization } from './hospital.js';
import type { Clinic } from './hospital.js';
import { HospitalRepository } from './hospital-repository.js';
import { inventCohort } from './invented-cohort.js';
import { Journal } from './journal.js';
import type { Change } from './journal.js';
import { OrderDesk } from './order-desk.js';
import type { OrderWishes } from './order-desk.js';
import { operationOutcome } from './outcome.js';
import { pages } from './pages.js';
import type { Room } from './pages.js';
import { logRequests } from './request-log.js';
import type { LoggedRequest } from './request-log.js';
import { tokenRoutes } from './token-routes.js';
import { TokenService } from './token-service.js';
import type { RegisteredClient } from './token-service.js';

/** Where Cairn is, and what each side calls the other. */
export interface CairnAddress {
  /** Cairn's public URL, without a slash at the end. */
  url: string;
  /** What Cairn calls this hospital; default `sandbox-hospital`. */
  clientId?: string | undefined;
  /** What this hospital calls Cairn; default `cairn`. */
  cairnClientId?: string | undefined;
}

/** How the hospital is set up. Without `dataDir` it forgets everything when it stops. */
export interface EhrOptions extends Listening {
  dataDir?: string | undefined;
  profile?: Profile | undefined;
  /** A folder of FHIR R4 Bundles to take patients from; without one, the sandbox's own are invented from `seed`. */
  patients?: string | undefined;
  seed?: number | undefined;
  /** The clinic that referrals go to, by the identifier that Cairn knows it by. */
  clinic?: Clinic | undefined;
  cairn?: CairnAddress | undefined;
  clients?: RegisteredClient[] | undefined;
}

/** A referral that was sent: the order as kept, the Bundle as sent, and Cairn's answer. */
export interface SentReferral {
  order: WithId<ServiceRequest>;
  bundle: Bundle;
  answer: CairnAnswer;
}

const SCOPE = 'system/*.cruds';
const DEFAULT_SEED = 1;

/** A hospital's EHR: FHIR R4 with SMART Backend Services both ways, patients to refer, and switches to break it. */
export class SandboxEhr {
  /** Breaks `/fhir` and `/oauth` on purpose. */
  readonly faults = new FaultSwitch<HttpFault>();
  /** The requests made of `/fhir` and `/oauth`. */
  readonly requests = new Feed<LoggedRequest>(2_000);
  /** Every committed version, the hospital's own writes included. */
  readonly changes = new Feed<WithId<Resource>>(2_000);
  readonly repository = new HospitalRepository((changes) => this.committed(changes));
  readonly service = new FhirService(this.repository, () => this.profile);
  readonly desk: OrderDesk;
  /** May be changed while the hospital runs. */
  profile: Profile;
  /** Links to the other parts of the sandbox, for the index page. */
  rooms: readonly Room[] = [];
  /** What became of the patients at this start. */
  admission: Admission | undefined;
  /** Base URL: `/fhir`, `/oauth/token` and `/jwks.json` stand under it. */
  url = '';
  private cairn: CairnClient | undefined;
  private readonly app = createHttpServer();
  private readonly tokens: TokenService;
  private readonly journal: Journal | undefined;

  constructor(
    private readonly options: EhrOptions,
    private readonly key: SigningKey,
  ) {
    this.profile = options.profile ?? 'full';
    this.desk = new OrderDesk(this.repository, () => options.clinic ?? DEMO_CLINIC, () => this.profile === 'full');
    this.tokens = new TokenService(key, () => this.url);
    this.journal = options.dataDir ? new Journal(join(options.dataDir, 'hospital.ndjson')) : undefined;
  }

  /** Brings back what earlier runs kept, takes the patients in and starts listening. */
  async open(): Promise<void> {
    for await (const changes of this.journal?.read() ?? []) await this.repository.replay(changes);
    await this.takePatientsIn();
    this.routes();
    for (const client of this.options.clients ?? []) this.register(client);
    if (this.options.cairn) this.connect(this.options.cairn);
    this.url = await listen(this.app, this.options);
  }

  get fhirUrl(): string {
    return `${this.url}/fhir`;
  }

  /** Lets a system ask this hospital for tokens. */
  register(client: RegisteredClient): void {
    this.tokens.register(client);
  }

  /** Tells the hospital where Cairn is: Cairn may ask for tokens from now on, and referrals go there. */
  connect({ url, clientId = 'sandbox-hospital', cairnClientId = 'cairn' }: CairnAddress): void {
    this.cairn = new CairnClient(url, clientId, this.key, SCOPE);
    this.register({ clientId: cairnClientId, jwksUrl: `${url}/.well-known/jwks.json`, scope: SCOPE });
  }

  /** The hospital as a client of Cairn. Throws CairnUnavailable while nobody said where Cairn is. */
  get client(): CairnClient {
    if (!this.cairn) throw new CairnUnavailable('The hospital was not told where Cairn is: set CAIRN_URL, or PUT /sandbox/cairn');
    return this.cairn;
  }

  /** Orders a referral for a patient, by default the one most in need, and sends it to Cairn. */
  async refer(wishes: OrderWishes = {}): Promise<SentReferral> {
    return this.send(await this.desk.order(wishes));
  }

  /** Sends an order that was sent before once more, as it stands now. */
  async resend(orderId: string): Promise<SentReferral> {
    return this.send(await this.desk.find(orderId));
  }

  /** Returns the first version of a resource of this type, kept or still to come, for which the predicate holds. */
  async waitForResource<T extends Resource>(type: T['resourceType'], predicate: (resource: T) => boolean, timeoutMs?: number): Promise<T> {
    const isWanted = (resource: Resource): resource is T => resource.resourceType === type;
    return (await this.changes.waitFor((resource) => isWanted(resource) && predicate(resource), timeoutMs)) as Resource as T;
  }

  /** Stops listening and closes the journal. */
  async stop(): Promise<void> {
    this.faults.clear();
    await this.app.close();
    this.journal?.close();
  }

  private async send(order: WithId<ServiceRequest>): Promise<SentReferral> {
    const bundle = await this.desk.pack(order);
    return { order, bundle, answer: await this.client.postBundle(bundle) };
  }

  private async takePatientsIn(): Promise<void> {
    const { patients, seed = DEFAULT_SEED } = this.options;
    if (!(await this.repository.holds('Organization', hospitalOrganization.id))) await this.repository.updateResource(hospitalOrganization);
    const invented = () => inventCohort(seed, new Date()).map((bundle, index) => ({ name: `invented patient ${index + 1}`, bundle }));
    this.admission = await admit(this.repository, patients ? readBundles(patients) : invented());
  }

  private committed(changes: readonly Change[]): void {
    this.journal?.append(changes);
    for (const change of changes) if ('put' in change) this.changes.add(change.put);
  }

  private routes(): void {
    const baseUrl = () => this.url;
    this.app.register(async (scope) => {
      const identify = logRequests(scope, this.requests);
      applyHttpFaults(scope, this.faults, operationOutcome('transient', 'The hospital is busy: try again later'));
      tokenRoutes(scope, this.tokens, this.key);
      fhirRoutes(scope, {
        service: this.service,
        tokens: this.tokens,
        profile: () => this.profile,
        baseUrl,
        identified: (request, access) => identify(request, access.clientId),
      });
    });
    this.app.register(async (scope) => controlRoutes(scope, this));
    this.app.register(async (scope) => pages(scope, this));
  }
}

/** Starts a sandbox hospital. Rejects when its port is taken or its patients' folder cannot be read. */
export async function startSandboxEhr(options: EhrOptions = {}): Promise<SandboxEhr> {
  loadDefinitions();
  const ehr = new SandboxEhr(options, await signingKey(options.dataDir && join(options.dataDir, 'hospital-key.json'), 'ES384'));
  await ehr.open();
  return ehr;
}
