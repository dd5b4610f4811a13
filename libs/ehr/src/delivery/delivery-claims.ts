import { Injectable } from '@nestjs/common';
import { connectionsOf } from '@cairn/fhir';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { LockMode } from '@mikro-orm/postgresql';
import { permit } from '../connection/circuit.js';
import { circuitOf, setCircuit } from '../connection/circuit-row.js';
import { EhrAccess } from '../connection/ehr-access.js';
import type { KnownCapability } from '../connection/ehr-capabilities.js';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { databaseTime, later } from './database-time.js';
import { DeliverySource, type UnweighedParcel } from './delivery-source.js';
import { step } from './delivery-step.js';
import { EhrDelivery } from './delivery.entity.js';
import policy from './delivery-policy.json' with { type: 'json' };

/** A delivery that is this worker's to try, until the lease ends. */
export interface Claim {
  readonly id: string;
  readonly connectionId: string;
  /** Tells this try from an earlier one whose answer comes late. */
  readonly attempt: number;
  readonly parcel: UnweighedParcel;
  readonly known: KnownCapability;
}

/** Lets one worker at a time try a delivery: the first of its patient, when its time has come and its EHR may be called. */
@Injectable()
export class DeliveryClaims {
  constructor(
    private readonly transactions: Transactions,
    private readonly access: EhrAccess,
    private readonly source: DeliverySource,
  ) {}

  /** Claims the delivery, or returns undefined when it is not its turn (any more). */
  async take(scope: Scope, id: string): Promise<Claim | undefined> {
    return this.transactions.run(scope, async (tx) => {
      const found = await tx.em.findOne(EhrDelivery, { clinicId: scope.clinicId, id }, { fields: ['connectionId'] });
      if (!found) return undefined;
      // The lock on the connection lets one worker at a time choose among its deliveries, so that the order holds.
      const connection = await tx.em.findOne(EhrConnection, { clinicId: scope.clinicId, id: found.connectionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (connection?.state !== 'active') return undefined;
      const now = await databaseTime(tx);
      const circuit = permit(circuitOf(connection), now);
      if (!circuit || !(await isFirst(tx, id))) return undefined;
      const delivery = await tx.em.findOneOrFail(EhrDelivery, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
      // Whoever sends may have prolonged the lease at the last moment.
      if (delivery.dueAt > now) return undefined;
      const parcel = await this.#begin(tx, delivery, connection, now);
      if (!parcel) return undefined;
      setCircuit(connection, circuit);
      const { capability, capabilityReadAt } = connection;
      return { id, connectionId: connection.id, attempt: delivery.attempts, parcel, known: { capability, capabilityReadAt } };
    });
  }

  /** Prolongs the lease while the call lasts. Does nothing when somebody else has taken over. */
  async prolong(scope: Scope, { id, attempt }: Claim): Promise<void> {
    await this.transactions.run(scope, (tx) =>
      tx.query({
        name: 'ehr-delivery-prolong',
        text: `update ehr_delivery set due_at = now() + make_interval(secs => $4) where clinic_id = $1 and id = $2 and attempts = $3 and state = 'sending'`,
        values: [scope.clinicId, id, attempt, policy.leaseSeconds],
      }),
    );
  }

  async #begin(tx: Tx, delivery: EhrDelivery, connection: EhrConnection, now: Date): Promise<UnweighedParcel | undefined> {
    const facts = { due: delivery.dueAt <= now, attemptsLeft: true };
    const lost = delivery.state === 'sending';
    const name = `${delivery.resourceType}/${delivery.resourceId}`;
    delivery.attempts += 1;
    delivery.dueAt = later(now, policy.leaseSeconds);
    step(tx, delivery, lost ? 'reclaim' : 'claim', facts);
    if (lost) await audit(tx, { action: 'execute', what: 'ehr.deliver-unknown', entities: [name], patients: [delivery.patientId], outcome: 'failed' });
    if (await hasNewerThere(tx, delivery)) {
      step(tx, delivery, 'supersede', facts);
      return undefined;
    }
    if (!(await connectionsOf(tx, delivery.patientId)).includes(connection.id)) {
      step(tx, delivery, 'find-no-form', facts, { problem: 'not-shared' });
      return undefined;
    }
    const parcel = await this.source.gather(tx, delivery, this.access.addressOf(connection));
    if (!parcel) step(tx, delivery, 'give-up', facts, { problem: 'content-missing' });
    return parcel;
  }
}

/** Whether the delivery is due, and no other of its patient to this connection stands before it or is under way. */
async function isFirst(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query({
    name: 'ehr-delivery-first',
    text: `select 1 from ehr_delivery d
      where d.clinic_id = $1 and d.id = $2 and d.state in ('pending', 'failed', 'sending') and d.due_at <= now()
        and not exists (
          select from ehr_delivery e
          where e.clinic_id = d.clinic_id and e.connection_id = d.connection_id and e.patient_id = d.patient_id and e.id <> d.id
            and (e.state = 'sending' or e.state in ('pending', 'failed') and (e.position, e.id) < (d.position, d.id)))`,
    values: [tx.scope.clinicId, id],
  });
  return rows.length > 0;
}

async function hasNewerThere(tx: Tx, { connectionId, resourceType, resourceId, resourceVersion }: EhrDelivery): Promise<boolean> {
  const rows = await tx.query({
    name: 'ehr-delivery-newer',
    text: `select 1 from ehr_delivery where clinic_id = $1 and connection_id = $2 and resource_type = $3 and resource_id = $4
      and resource_version > $5 and state in ('delivered', 'fallback') limit 1`,
    values: [tx.scope.clinicId, connectionId, resourceType, resourceId, resourceVersion],
  });
  return rows.length > 0;
}
