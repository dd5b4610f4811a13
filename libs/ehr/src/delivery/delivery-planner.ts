import { Injectable, type OnModuleInit } from '@nestjs/common';
import { connectionsOf, projectionWritten, readExchanged, type ExchangedVersion } from '@cairn/fhir';
import { RealClock, newId, type Clock } from '@cairn/kernel';
import { EventHandlers, type EventHandler, type OutboxEvent, type Tx } from '@cairn/platform';
import { Referrals } from '@cairn/referrals';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { EXCHANGED_TYPES, isExchanged, referralTies } from '../exchange/exchange.rules.js';
import { readFhirJson } from '../fhir-json.js';

/** Earlier versions of a resource that are looked at, in case their news comes later than that of a newer one. */
const LOOK_BACK = 20;

/**
 * Turns the news that Cairn wrote a resource into one delivery for each EHR that must be told. Versions are planned in their order even when
 * their news comes out of order: with a version, those before it that nobody has planned yet.
 */
@Injectable()
export class DeliveryPlanner implements EventHandler, OnModuleInit {
  readonly name = 'ehr.plan-deliveries';
  readonly events = EXCHANGED_TYPES.map(projectionWritten);
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly handlers: EventHandlers,
    private readonly referrals: Referrals,
  ) {}

  onModuleInit(): void {
    this.handlers.register(this);
  }

  async handle(tx: Tx, { id: eventId, ids: { type = '', id = '', version = '' } }: OutboxEvent): Promise<void> {
    const upTo = Number(version);
    const versions = (await readExchanged(tx, type, id, { above: 0, upTo, count: LOOK_BACK })).reverse();
    const told = new Map<string, ExchangedVersion[]>();
    for (const one of versions) {
      if (one.writtenOutside) continue;
      for (const connectionId of await this.#whoIsTold(tx, type, id, one)) told.set(connectionId, [...(told.get(connectionId) ?? []), one]);
    }
    for (const [connectionId, wanted] of told) await this.#plan(tx, { connectionId, type, id, eventId }, wanted);
  }

  /** The connections that must hear of this version: those that share its one patient and, where the type asks for it, whose referral it belongs to. */
  async #whoIsTold(tx: Tx, type: string, id: string, { json, patientIds }: ExchangedVersion): Promise<string[]> {
    const [patientId] = patientIds;
    // What speaks of several patients is told to nobody: one hospital must not learn of another's patient.
    if (patientId === undefined || patientIds.length > 1) return [];
    const resource = readFhirJson(json);
    if (!isExchanged(type, resource)) return [];
    const sharing = await connectionsOf(tx, patientId);
    const { tie, links } = referralTies(type, resource);
    if (sharing.length === 0 || tie === 'not-needed') return sharing;
    const owners = await this.#referrers(tx, tie === 'its-task' ? [`Task/${id}`] : links);
    return sharing.filter((connectionId) => owners.has(connectionId));
  }

  /** Connections that placed the referrals which these Tasks and ServiceRequests belong to. */
  async #referrers(tx: Tx, links: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const link of links) {
      const [type, id = ''] = link.split('/');
      const referral = type === 'Task' ? await this.referrals.byTask(tx, id) : await this.referrals.byServiceRequest(tx, id);
      if (referral?.connectionId) found.add(referral.connectionId);
    }
    return found;
  }

  async #plan(tx: Tx, { connectionId, type, id, eventId }: { connectionId: string; type: string; id: string; eventId: string }, versions: readonly ExchangedVersion[]): Promise<void> {
    // A client may be limited to a connection that no EHR stands behind (yet): there is nobody to tell.
    if ((await tx.em.count(EhrConnection, { clinicId: tx.scope.clinicId, id: connectionId })) === 0) return;
    for (const { version, patientIds } of versions) {
      await tx.query({
        name: 'ehr-delivery-plan',
        text: `insert into ehr_delivery (clinic_id, id, connection_id, patient_id, position, resource_type, resource_id, resource_version, state, due_at, correlation_id, made_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', now(), (select correlation_id from outbox where clinic_id = $1 and id = $5), $9)
          on conflict (clinic_id, connection_id, resource_type, resource_id, resource_version) do nothing`,
        values: [tx.scope.clinicId, newId(), connectionId, patientIds[0], eventId, type, id, version, this.#clock.now()],
      });
    }
    await tx.ring();
  }
}
