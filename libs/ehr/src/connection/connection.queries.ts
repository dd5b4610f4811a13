import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { ReferralSources, type SourceFacts } from '@cairn/referrals';
import type { DeliveryState } from '../delivery/delivery.workflow.js';
import { explain } from '../delivery/problems.js';
import { EXCHANGED_TYPES } from '../exchange/exchange.rules.js';
import { chooseForm } from '../forms/forms.js';
import { writableTypes, type Capability } from './capability.js';
import type { CircuitState } from './circuit.js';
import { EhrConnection, type ConnectionState } from './ehr-connection.entity.js';

/** A connection as those who watch the link see it. Never holds a secret. */
export interface ConnectionView extends SourceFacts {
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly clientId: string;
  readonly scopes: string;
  readonly gatewayHeader: string | null;
  readonly tokenEndpoint: string | null;
  readonly state: ConnectionState;
  readonly circuit: { readonly state: CircuitState; readonly failures: number; readonly until: Date | null };
  readonly lastSuccessAt: Date | null;
  readonly lastFailure: { readonly at: Date; readonly code: string; readonly says: string; readonly mend: string } | null;
  /** What the EHR says of itself; null until it was read. */
  readonly ehr: { readonly fhirVersion: string; readonly software: string; readonly readAt: Date | null; readonly writes: readonly string[] } | null;
  /** For each type of the exchange, the form in which this EHR is told of a new one; null where it can be told in none. */
  readonly told: Readonly<Record<string, string | null>> | null;
  /** How many deliveries stand in each state. */
  readonly deliveries: Readonly<Partial<Record<DeliveryState, number>>>;
}

/** What an EHR could not be told, counted by type and reason. */
export interface UntoldCount {
  readonly type: string;
  readonly state: DeliveryState;
  readonly code: string;
  readonly says: string;
  readonly mend: string;
  readonly count: number;
}

/** Reads connections for people. */
@Injectable()
export class ConnectionQueries {
  constructor(
    private readonly transactions: Transactions,
    private readonly sources: ReferralSources,
  ) {}

  /** All connections of the clinic, by name. */
  async list(scope: Scope): Promise<{ items: ConnectionView[] }> {
    return this.transactions.run(scope, async (tx) => {
      const connections = await tx.em.find(EhrConnection, { clinicId: scope.clinicId }, { orderBy: { name: 'asc' }, limit: 500 });
      const items: ConnectionView[] = [];
      for (const connection of connections) items.push(await this.#view(tx, connection));
      await audit(tx, { action: 'read', what: 'ehr.connection-list' });
      return { items };
    });
  }

  /** One connection. Refuses with `not-found`. */
  async one(scope: Scope, id: string): Promise<ConnectionView> {
    return this.transactions.run(scope, async (tx) => {
      const connection = await tx.em.findOne(EhrConnection, { clinicId: scope.clinicId, id });
      if (!connection) throw notFound('The connection');
      await audit(tx, { action: 'read', what: 'ehr.connection', entities: [`EhrConnection/${id}`] });
      return this.#view(tx, connection);
    });
  }

  /** What this EHR was not told, counted; withheld content is not counted. Refuses with `not-found`. */
  async untold(scope: Scope, id: string): Promise<{ items: UntoldCount[] }> {
    return this.transactions.run(scope, async (tx) => {
      if ((await tx.em.count(EhrConnection, { clinicId: scope.clinicId, id })) === 0) throw notFound('The connection');
      const rows = await tx.query<{ resource_type: string; state: DeliveryState; problem: string; count: number }>(
        `select resource_type, state, problem, count(*)::int as count from ehr_delivery
          where clinic_id = $1 and connection_id = $2 and state in ('dead', 'not-taken', 'dismissed') and problem is distinct from 'withheld'
          group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit 200`,
        [scope.clinicId, id],
      );
      await audit(tx, { action: 'read', what: 'ehr.untold', entities: [`EhrConnection/${id}`] });
      return { items: rows.map(({ resource_type, state, problem, count }) => ({ type: resource_type, state, code: problem, ...explain(problem), count })) };
    });
  }

  async #view(tx: Tx, connection: EhrConnection): Promise<ConnectionView> {
    const { id, name, baseUrl, clientId, scopes, gatewayHeader, tokenEndpoint, state, circuit, failures, circuitUntil, lastSuccessAt, lastFailureAt, lastProblem, capability } = connection;
    return {
      id,
      name,
      baseUrl,
      clientId,
      scopes,
      gatewayHeader,
      tokenEndpoint,
      state,
      circuit: { state: circuit, failures, until: circuitUntil },
      lastSuccessAt,
      lastFailure: lastFailureAt && lastProblem ? { at: lastFailureAt, code: lastProblem, ...explain(lastProblem) } : null,
      ehr: capability && { fhirVersion: capability.fhirVersion, software: capability.software, readAt: connection.capabilityReadAt, writes: writableTypes(capability) },
      told: capability && formsTold(capability),
      deliveries: await this.#counts(tx, id),
      ...(await this.sources.get(tx, id)),
    };
  }

  async #counts(tx: Tx, id: string): Promise<Partial<Record<DeliveryState, number>>> {
    const rows = await tx.query<{ state: DeliveryState; count: number }>(
      'select state, count(*)::int as count from ehr_delivery where clinic_id = $1 and connection_id = $2 group by state order by state',
      [tx.scope.clinicId, id],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }
}

/** In which form an EHR is told of a new resource of each type of the exchange. */
export const formsTold = (capability: Capability): Record<string, string | null> =>
  Object.fromEntries(EXCHANGED_TYPES.map((type) => [type, chooseForm(type, capability, { has: () => false })?.type ?? null]));
