import { Injectable } from '@nestjs/common';
import { RealClock, invalid, isUuid, newId, notFound, type Clock, type Issue } from '@cairn/kernel';
import { OutsideHttp, Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { ReferralSources, type SourceFacts } from '@cairn/referrals';
import { LockMode } from '@mikro-orm/postgresql';
import { EhrAccess } from './ehr-access.js';
import { EhrConnection } from './ehr-connection.entity.js';
import { firstOddScope } from './smart-scope.js';

/** What an operator says of an EHR. */
export interface ConnectionWish {
  /** How people call it; one connection of this name in the clinic. */
  readonly name: string;
  /** FHIR base, such as `https://ehr.example.org/fhir/r4`. */
  readonly baseUrl: string;
  /** What the EHR calls Cairn. */
  readonly clientId: string;
  /** SMART scopes to ask for, separated by blanks; see {@link DEFAULT_SCOPES}. */
  readonly scopes?: string | undefined;
  /** How its Tasks speak, and which side hosts them. Default: plain, hosted by Cairn. */
  readonly dialect?: SourceFacts['dialect'] | undefined;
  readonly taskHost?: SourceFacts['taskHost'] | undefined;
  /** A header with a key that a gateway before the EHR asks for. Without it, one that was set is kept; null takes it away. */
  readonly gateway?: { readonly header: string; readonly key: string } | null | undefined;
}

/** What Cairn asks for where nothing else is said: read and search what references lead to, write what the exchange is told in. */
export const DEFAULT_SCOPES = [
  ...['Patient', 'ServiceRequest', 'Practitioner', 'Condition'].map((type) => `system/${type}.rs`),
  ...['Task', 'Communication', 'CarePlan', 'Goal', 'Observation', 'Appointment', 'QuestionnaireResponse', 'DocumentReference'].map((type) => `system/${type}.cruds`),
].join(' ');

const HEADER = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Headers that the exchange itself sets. */
const RESERVED_HEADERS = /^(authorization|host|cookie|content-|accept|prefer|if-|connection|transfer-encoding)/i;

/** The clinic's links to outside EHRs. */
@Injectable()
export class EhrConnections {
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly transactions: Transactions,
    private readonly access: EhrAccess,
    private readonly http: OutsideHttp,
    private readonly sources: ReferralSources,
  ) {}

  /**
   * Adds a connection, or changes the one of this name, and returns its id. Refuses, naming the field, an address that Cairn may not call,
   * scopes that are no SMART system scopes, and a gateway header that the exchange sets itself. What was learned from an EHR at another
   * address is forgotten.
   */
  async put(scope: Scope, wish: ConnectionWish): Promise<string> {
    const baseUrl = this.#check(wish);
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`ehr-connection/${clinicId}/${wish.name}`]);
      const present = await tx.em.findOne(EhrConnection, { clinicId, name: wish.name }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const connection = present ?? tx.em.create(EhrConnection, this.#fresh(clinicId, wish.name));
      if (connection.baseUrl !== baseUrl) forgetWhatItSaid(connection);
      connection.baseUrl = baseUrl;
      connection.clientId = wish.clientId;
      connection.scopes = wish.scopes?.trim() || connection.scopes || DEFAULT_SCOPES;
      if (wish.gateway !== undefined) {
        connection.gatewayHeader = wish.gateway?.header ?? null;
        connection.sealedGatewayKey = wish.gateway ? this.access.seal(clinicId, connection.id, wish.gateway.key) : null;
      }
      await tx.flush();
      const source = await this.sources.get(tx, connection.id);
      await this.sources.put(tx, { connectionId: connection.id, dialect: wish.dialect ?? source.dialect, taskHost: wish.taskHost ?? source.taskHost });
      await audit(tx, { action: present ? 'update' : 'create', what: 'ehr.connection', entities: [`EhrConnection/${connection.id}`] });
      return connection.id;
    });
  }

  /** Stops deliveries to the EHR for a while, such as for its maintenance: they wait, in order. Does nothing when it is paused already. */
  async pause(scope: Scope, id: string): Promise<void> {
    await this.#setState(scope, id, 'paused');
  }

  /** Lets deliveries go on where they waited. */
  async resume(scope: Scope, id: string): Promise<void> {
    await this.#setState(scope, id, 'active');
  }

  /** The clinic's connection with this name or id. Refuses with not-found. */
  async find(tx: Tx, nameOrId: string): Promise<EhrConnection> {
    const { clinicId } = tx.scope;
    const found = (await tx.em.findOne(EhrConnection, { clinicId, name: nameOrId })) ?? (isUuid(nameOrId) ? await tx.em.findOne(EhrConnection, { clinicId, id: nameOrId }) : null);
    if (!found) throw notFound('The connection');
    return found;
  }

  async #setState(scope: Scope, id: string, state: EhrConnection['state']): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const connection = await tx.em.findOne(EhrConnection, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!connection) throw notFound('The connection');
      if (connection.state === state) return;
      connection.state = state;
      await audit(tx, { action: 'update', what: `ehr.connection-${state}`, entities: [`EhrConnection/${id}`] });
      if (state === 'active') await tx.ring();
    });
  }

  #check({ name, baseUrl, clientId, scopes, gateway }: ConnectionWish): string {
    const issues: Issue[] = [];
    if (!name.trim() || name.length > 100) issues.push({ path: 'name', message: 'Give a name of at most 100 characters.' });
    if (!clientId.trim()) issues.push({ path: 'clientId', message: 'Give the client id under which the EHR knows Cairn.' });
    const odd = firstOddScope(scopes ?? '');
    if (odd) issues.push({ path: 'scopes', message: `"${odd}" is no SMART system scope; write system/Type.read or system/Type.rs.` });
    if (gateway && (!HEADER.test(gateway.header) || RESERVED_HEADERS.test(gateway.header))) issues.push({ path: 'gateway.header', message: 'Give the name of a header that the FHIR exchange does not use itself.' });
    if (gateway && !/^[\x21-\x7e]{1,512}$/.test(gateway.key)) issues.push({ path: 'gateway.key', message: 'The key must be printable characters without blanks.' });
    if (issues.length > 0) throw invalid('The connection is not described well.', { code: 'connection', issues });
    const url = this.http.checkUrl(baseUrl, 'baseUrl');
    if (url.search || url.hash) throw invalid('The base URL must not have a query or a fragment.', { issues: [{ path: 'baseUrl', message: 'Give the FHIR base only, such as https://ehr.example.org/fhir/r4.' }] });
    return url.href.replace(/\/$/, '');
  }

  #fresh(clinicId: string, name: string): EhrConnection {
    const now = this.#clock.now();
    return {
      clinicId,
      id: newId(),
      name,
      baseUrl: '',
      clientId: '',
      scopes: '',
      gatewayHeader: null,
      sealedGatewayKey: null,
      state: 'active',
      tokenEndpoint: null,
      capability: null,
      capabilityReadAt: null,
      circuit: 'closed',
      failures: 0,
      circuitUntil: null,
      lastSuccessAt: null,
      lastFailureAt: null,
      lastProblem: null,
      madeAt: now,
    };
  }
}

function forgetWhatItSaid(connection: EhrConnection): void {
  Object.assign(connection, { tokenEndpoint: null, capability: null, capabilityReadAt: null, circuit: 'closed', failures: 0, circuitUntil: null, lastProblem: null });
}


