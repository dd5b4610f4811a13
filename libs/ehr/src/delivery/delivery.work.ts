import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CairnError } from '@cairn/kernel';
import { DueWorkRegistry, LOGGER, cairnScope, type DueRow, type DueWork, type Logger, type Queryable, type Scope } from '@cairn/platform';
import { EhrCapabilities } from '../connection/ehr-capabilities.js';
import { EhrFhir } from '../outside/ehr-fhir.js';
import { DeliveryClaims, type Claim } from './delivery-claims.js';
import { DeliveryRecords } from './delivery-records.js';
import policy from './delivery-policy.json' with { type: 'json' };
import { Errand } from './errand.js';
import type { Outcome } from './parcel.js';
import { judgeFailure } from './verdict.js';

/** Carries deliveries out: claims one, calls the EHR, records what became of it, and goes on with the next of the same patient. */
@Injectable()
export class DeliveryWork implements DueWork, OnModuleInit {
  readonly name = 'ehr-delivery';
  readonly lane = 'delivery';

  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly claims: DeliveryClaims,
    private readonly records: DeliveryRecords,
    private readonly capabilities: EhrCapabilities,
    private readonly fhir: EhrFhir,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  /** The first waiting delivery of each patient and connection whose time has come, on real time. Waits out connections that are down. */
  async due(database: Queryable, _now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; turn: string }>({
      name: 'ehr-delivery-due',
      text: `select d.clinic_id, d.id, d.attempts || '@' || extract(epoch from d.due_at) as turn from ehr_delivery d
        join ehr_connection c on c.clinic_id = d.clinic_id and c.id = d.connection_id
        where d.state in ('pending', 'sending', 'failed') and d.due_at <= now() and c.state = 'active' and (c.circuit_until is null or c.circuit_until <= now())
          and not exists (
            select from ehr_delivery e
            where e.clinic_id = d.clinic_id and e.connection_id = d.connection_id and e.patient_id = d.patient_id
              and e.state in ('pending', 'sending', 'failed') and (e.position, e.id) < (d.position, d.id))
        order by d.due_at limit $1`,
      values: [limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.turn }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    let next: string | undefined = id;
    for (let steps = 0; next !== undefined && steps < policy.mostStepsPerTurn; steps++) {
      const scope: Scope = cairnScope(clinicId, this.name, next);
      const claim: Claim | undefined = await this.claims.take(scope, next);
      if (!claim) return;
      const outcome = await this.#whileHolding(scope, claim, () => this.#carry(scope, claim));
      next = await this.records.record(scope, claim, outcome);
    }
  }

  async #carry(scope: Scope, { id, parcel, known }: Claim): Promise<Outcome> {
    try {
      const capability = await this.capabilities.current(scope, parcel.ehr, known);
      return await new Errand(this.fhir, { ...parcel, capability }).run();
    } catch (error) {
      const { kind, problem, ehrAtFault } = judgeFailure(error);
      if (problem === 'internal') this.logger.error({ event: 'ehr-delivery.failed', delivery: id, error });
      const retryAfter = error instanceof CairnError ? error.retryAfter : undefined;
      return {
        event: kind === 'postpone' ? 'postpone' : 'fail',
        problem,
        links: [],
        ...(ehrAtFault && { ehr: 'at-fault' }),
        ...(retryAfter !== undefined && { retryAfter }),
      };
    }
  }

  async #whileHolding(scope: Scope, claim: Claim, call: () => Promise<Outcome>): Promise<Outcome> {
    const renewal = setInterval(() => {
      this.claims.prolong(scope, claim).catch((error: unknown) => this.logger.warn({ event: 'ehr-delivery.lease-not-prolonged', delivery: claim.id, error }));
    }, policy.leaseRenewedEverySeconds * 1000);
    try {
      return await call();
    } finally {
      clearInterval(renewal);
    }
  }
}
