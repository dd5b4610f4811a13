import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { ReferralDeliveries } from '@cairn/referrals';
import { Clinics, Metrics, Transactions, audit, backoffSeconds, type Scope, type Tx } from '@cairn/platform';
import { LockMode } from '@mikro-orm/postgresql';
import type { TypeCapability } from '../connection/capability.js';
import { afterFailure, afterSuccess } from '../connection/circuit.js';
import { circuitOf, setCircuit } from '../connection/circuit-row.js';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { deliveryProvenance } from '../exchange/delivery-provenance.js';
import { rememberLinks } from '../links/resource-links.js';
import { databaseTime, later } from './database-time.js';
import type { Claim } from './delivery-claims.js';
import { step } from './delivery-step.js';
import { EhrDelivery } from './delivery.entity.js';
import policy from './delivery-policy.json' with { type: 'json' };
import type { Outcome } from './parcel.js';
import { closeReconciliation, openReconciliation } from './reconciliation.js';

const TOLD = ['deliver', 'deliver-otherwise'];
/** Doublings of the wait for an EHR at fault; beyond, its circuit decides. */
const MOST_DOUBLINGS = 6;

/** Writes down what became of a try: the delivery, its connection, the links learned, audit and Provenance, in one transaction. */
@Injectable()
export class DeliveryRecords {
  constructor(
    private readonly transactions: Transactions,
    private readonly store: FhirStore,
    private readonly clinics: Clinics,
    private readonly metrics: Metrics,
    private readonly referrals: ReferralDeliveries,
  ) {}

  /** Returns the delivery of the same patient that is first in line now, which is this one when it holds up the others; undefined when there is none. */
  async record(scope: Scope, claim: Claim, outcome: Outcome): Promise<string | undefined> {
    const next = await this.transactions.run(scope, async (tx) => {
      const connection = await tx.em.findOneOrFail(EhrConnection, { clinicId: scope.clinicId, id: claim.connectionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const delivery = await tx.em.findOneOrFail(EhrDelivery, { clinicId: scope.clinicId, id: claim.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      await rememberLinks(tx, connection.id, outcome.links);
      const now = await databaseTime(tx);
      await this.#noteEhr(tx, connection, outcome, now);
      // Somebody else took over when the lease ended: what this try found out is kept, and the other's word stands.
      if (delivery.state !== 'sending' || delivery.attempts !== claim.attempt) return undefined;
      this.#decide(tx, delivery, connection, outcome, now);
      await this.#tellReferral(tx, delivery);
      await this.#tellPeople(tx, delivery, connection, outcome);
      await this.#keepEvidence(tx, delivery, connection, outcome, now);
      await tx.flush();
      return nextOf(tx, delivery);
    });
    this.metrics.work.inc({ work: 'ehr-delivery', outcome: outcome.event });
    return next;
  }

  #decide(tx: Tx, delivery: EhrDelivery, connection: EhrConnection, outcome: Outcome, now: Date): void {
    if (outcome.event === 'fail') delivery.failures += 1;
    const facts = { due: true, attemptsLeft: delivery.failures < policy.mostAttempts };
    step(tx, delivery, outcome.event, facts, { problem: outcome.problem, httpStatus: outcome.httpStatus });
    delivery.form = outcome.form ?? null;
    delivery.remote = outcome.remote ?? delivery.remote;
    delivery.awaitsEhr = outcome.event === 'postpone';
    if (delivery.state === 'failed') delivery.dueAt = nextTry(delivery, connection, outcome, now);
  }

  async #noteEhr(tx: Tx, connection: EhrConnection, outcome: Outcome, now: Date): Promise<void> {
    if (outcome.refused) refuseFromNowOn(connection, outcome.refused);
    if (outcome.ehr === 'at-fault') {
      setCircuit(connection, afterFailure(circuitOf(connection), now, outcome.retryAfter ?? 0));
      connection.lastFailureAt = now;
      connection.lastProblem = outcome.problem ?? null;
      return;
    }
    const wasClosed = connection.circuit === 'closed';
    if (outcome.ehr === 'answered') {
      setCircuit(connection, afterSuccess());
      connection.lastSuccessAt = now;
      if (!wasClosed) await wakeAll(tx, connection);
    } else if (!wasClosed) {
      // The one that was to try did not need to call: the next may.
      setCircuit(connection, { ...circuitOf(connection), state: 'open', until: now });
    }
  }

  /** The people who work on a referral see on it that its Task was not taken. */
  async #tellReferral(tx: Tx, { resourceType, resourceId, state, problem }: EhrDelivery): Promise<void> {
    if (resourceType !== 'Task') return;
    await this.referrals.note(tx, resourceId, state === 'failed' || state === 'dead' || state === 'not-taken' ? { state, problem: problem ?? null } : undefined);
  }

  async #tellPeople(tx: Tx, delivery: EhrDelivery, connection: EhrConnection, outcome: Outcome): Promise<void> {
    if (outcome.problem === 'foreign-change') {
      const open = delivery.reconciliationTask ? await this.store.find(tx, 'Task', delivery.reconciliationTask) : undefined;
      if (open?.status !== 'requested') delivery.reconciliationTask = await openReconciliation(tx, this.store, delivery, connection.name);
    } else if (delivery.reconciliationTask && TOLD.includes(outcome.event)) {
      await closeReconciliation(tx, this.store, delivery.reconciliationTask, 'completed');
    }
  }

  async #keepEvidence(tx: Tx, delivery: EhrDelivery, connection: EhrConnection, outcome: Outcome, now: Date): Promise<void> {
    const resource = `${delivery.resourceType}/${delivery.resourceId}`;
    const told = TOLD.includes(outcome.event);
    await audit(tx, {
      action: 'execute',
      what: told ? 'ehr.deliver' : 'ehr.deliver-try',
      entities: [resource, `EhrConnection/${connection.id}`],
      patients: [delivery.patientId],
      outcome: told ? 'success' : outcome.event === 'find-no-form' ? 'refused' : 'failed',
    });
    if (!told || !outcome.remote) return;
    await this.store.create(
      tx,
      deliveryProvenance({
        resource,
        version: delivery.resourceVersion,
        remoteUrl: `${connection.baseUrl}/${outcome.remote}`,
        connection: connection.name,
        clinic: (await this.clinics.get(delivery.clinicId)).name,
        recorded: now,
      }),
    );
  }
}

/** When a failed delivery is tried again: at once in another form, with its EHR when that is down, else after a growing wait. */
function nextTry(delivery: EhrDelivery, connection: EhrConnection, outcome: Outcome, now: Date): Date {
  if (outcome.refused) return now;
  if (outcome.event === 'postpone' && connection.circuitUntil) return connection.circuitUntil;
  const waits = outcome.event === 'postpone' ? Math.min(delivery.attempts, MOST_DOUBLINGS) : delivery.failures;
  return later(now, Math.max(backoffSeconds(waits), Math.min(outcome.retryAfter ?? 0, policy.longestRetryAfterSeconds)));
}

/** Takes back an interaction that the EHR claimed and refused, until its statement is read again. */
function refuseFromNowOn(connection: EhrConnection, { type, interaction }: NonNullable<Outcome['refused']>): void {
  const known: TypeCapability | undefined = connection.capability?.types[type];
  if (!connection.capability || !known) return;
  connection.capability = { ...connection.capability, types: { ...connection.capability.types, [type]: { ...known, [interaction]: false } } };
}

/** The EHR answers again: whatever waited for it, or was held back, is due now. */
async function wakeAll(tx: Tx, { clinicId, id }: EhrConnection): Promise<void> {
  await tx.query(
    `update ehr_delivery set due_at = now() where clinic_id = $1 and connection_id = $2 and (state = 'pending' or state = 'failed' and awaits_ehr)`,
    [clinicId, id],
  );
  await tx.ring();
}

async function nextOf(tx: Tx, { clinicId, connectionId, patientId }: EhrDelivery): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>({
    name: 'ehr-delivery-next',
    text: `select id from ehr_delivery where clinic_id = $1 and connection_id = $2 and patient_id = $3 and state in ('pending', 'failed', 'sending')
      order by position, id limit 1`,
    values: [clinicId, connectionId, patientId],
  });
  return row?.id;
}
