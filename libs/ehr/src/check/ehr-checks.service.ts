import { Injectable } from '@nestjs/common';
import { RealClock, newId, type Clock } from '@cairn/kernel';
import { SigningKeys, Transactions, audit, type Scope } from '@cairn/platform';
import { ReferralSources } from '@cairn/referrals';
import { LockMode } from '@mikro-orm/postgresql';
import { EhrAccess } from '../connection/ehr-access.js';
import { EhrCapabilities } from '../connection/ehr-capabilities.js';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { EhrConnections } from '../connection/ehr-connections.service.js';
import { EhrFhir } from '../outside/ehr-fhir.js';
import { SmartDiscovery } from '../outside/smart-discovery.js';
import { SmartTokens } from '../outside/smart-tokens.js';
import { CheckRun } from './check-run.js';
import type { CheckStep } from './check-step.js';
import { EhrCheck } from './check.entity.js';

/** The result of a self-test. */
export interface CheckReport {
  readonly id: string;
  readonly connectionId: string;
  readonly checkedAt: Date;
  /** No step failed. */
  readonly passed: boolean;
  readonly steps: readonly CheckStep[];
}

const LATEST = 20;

/** Tests connections, for hospital IT: what works, what does not, and how to mend it. */
@Injectable()
export class EhrChecks {
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly transactions: Transactions,
    private readonly connections: EhrConnections,
    private readonly access: EhrAccess,
    private readonly capabilities: EhrCapabilities,
    private readonly sources: ReferralSources,
    private readonly fhir: EhrFhir,
    private readonly tokens: SmartTokens,
    private readonly discovery: SmartDiscovery,
    private readonly keys: SigningKeys,
  ) {}

  /**
   * Tests the connection with this id or name, keeps the result and returns it. With `write`, one test resource about nobody is created at the
   * EHR, changed, and removed. Refuses with not-found; what is wrong at the EHR is a failed step, never an error.
   */
  async run(scope: Scope, nameOrId: string, { write }: { readonly write: boolean }): Promise<CheckReport> {
    const { ehr, source } = await this.transactions.read(scope, async (tx) => {
      const connection = await this.connections.find(tx, nameOrId);
      return { ehr: this.access.addressOf(connection), source: await this.sources.get(tx, connection.id) };
    });
    const { algorithm } = await this.keys.current('ehr-client');
    const tools = {
      fhir: this.fhir,
      tokens: this.tokens,
      discovery: this.discovery,
      algorithm,
      capability: () => this.capabilities.read(scope, ehr),
      keepEndpoint: (tokenEndpoint: string) => this.#keepEndpoint(scope, ehr.connectionId, tokenEndpoint),
    };
    const steps = await new CheckRun(tools, ehr, source).run(write);
    const report = { id: newId(), connectionId: ehr.connectionId, checkedAt: this.#clock.now(), passed: steps.every(({ outcome }) => outcome !== 'failed'), steps };
    await this.transactions.run(scope, async (tx) => {
      tx.em.create(EhrCheck, { clinicId: scope.clinicId, ...report });
      await audit(tx, { action: 'execute', what: 'ehr.check', entities: [`EhrConnection/${ehr.connectionId}`], outcome: report.passed ? 'success' : 'failed' });
    });
    return report;
  }

  /** The latest results, newest first, at most twenty. Refuses with not-found. */
  async latest(scope: Scope, connectionId: string): Promise<{ items: CheckReport[] }> {
    return this.transactions.run(scope, async (tx) => {
      await this.connections.find(tx, connectionId);
      const rows = await tx.em.find(EhrCheck, { clinicId: scope.clinicId, connectionId }, { orderBy: { id: 'desc' }, limit: LATEST });
      await audit(tx, { action: 'read', what: 'ehr.check', entities: [`EhrConnection/${connectionId}`] });
      return { items: rows.map(({ id, checkedAt, passed, steps }) => ({ id, connectionId, checkedAt, passed, steps })) };
    });
  }

  async #keepEndpoint(scope: Scope, id: string, tokenEndpoint: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const connection = await tx.em.findOneOrFail(EhrConnection, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      connection.tokenEndpoint = tokenEndpoint;
    });
  }
}
