import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { ReferralDeliveries } from '@cairn/referrals';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { LockMode } from '@mikro-orm/postgresql';
import { EhrConnection } from '../connection/ehr-connection.entity.js';
import { acceptAsItStands, forgetLinks } from '../links/resource-links.js';
import { databaseTime } from './database-time.js';
import { step } from './delivery-step.js';
import { EhrDelivery } from './delivery.entity.js';
import { closeReconciliation } from './reconciliation.js';

/** Deliveries replayed at once by one request. */
const MOST_AT_ONCE = 500;

/** What a person may do with deliveries that did not arrive. */
@Injectable()
export class Deliveries {
  constructor(
    private readonly transactions: Transactions,
    private readonly store: FhirStore,
    private readonly referrals: ReferralDeliveries,
  ) {}

  /**
   * Sends a dead or not-taken delivery again. With it the person decides on what stopped it: after a foreign change, that Cairn's version
   * replaces what stands at the EHR; after a deletion there, that it is made anew. Refuses with not-found, or a conflict in any other state.
   */
  async replay(scope: Scope, connectionId: string, id: string, reason: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      await this.#replay(tx, await this.#locked(tx, connectionId, id), reason);
      await tx.ring();
    });
  }

  /** Sends all dead deliveries of a connection again, of one problem where it is named, oldest first. Returns how many, at most 500 at a time. */
  async replayAll(scope: Scope, connectionId: string, reason: string, problem?: string): Promise<number> {
    return this.transactions.run(scope, async (tx) => {
      await this.#lockConnection(tx, connectionId);
      const dead = await tx.em.find(
        EhrDelivery,
        { clinicId: scope.clinicId, connectionId, state: 'dead', ...(problem && { problem }) },
        { orderBy: { position: 'asc', id: 'asc' }, limit: MOST_AT_ONCE, lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      for (const delivery of dead) await this.#replay(tx, delivery, reason);
      if (dead.length > 0) await tx.ring();
      return dead.length;
    });
  }

  /** Sets a dead or not-taken delivery aside: somebody has told the referrer otherwise, or it need not be told. Refuses as {@link replay} does. */
  async dismiss(scope: Scope, connectionId: string, id: string, reason: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const delivery = await this.#locked(tx, connectionId, id);
      const { problem } = delivery;
      step(tx, delivery, 'dismiss', { due: true, attemptsLeft: true }, { problem: problem ?? undefined, reason });
      if (delivery.reconciliationTask) await closeReconciliation(tx, this.store, delivery.reconciliationTask, 'cancelled');
      if (delivery.resourceType === 'Task') await this.referrals.note(tx, delivery.resourceId, undefined);
      await this.#audit(tx, delivery, 'ehr.dismiss-delivery', reason);
    });
  }

  async #replay(tx: Tx, delivery: EhrDelivery, reason: string): Promise<void> {
    const resource = `${delivery.resourceType}/${delivery.resourceId}`;
    if (delivery.problem === 'foreign-change') await acceptAsItStands(tx, delivery.connectionId, resource);
    if (delivery.problem === 'gone-there') await forgetLinks(tx, delivery.connectionId, resource);
    step(tx, delivery, 'replay', { due: true, attemptsLeft: true }, { reason });
    delivery.failures = 0;
    delivery.dueAt = await databaseTime(tx);
    await this.#audit(tx, delivery, 'ehr.replay-delivery', reason);
  }

  async #locked(tx: Tx, connectionId: string, id: string): Promise<EhrDelivery> {
    await this.#lockConnection(tx, connectionId);
    const delivery = await tx.em.findOne(EhrDelivery, { clinicId: tx.scope.clinicId, connectionId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!delivery) throw notFound('The delivery');
    return delivery;
  }

  /** Taken before any delivery, as whoever sends does, so that the two wait for each other instead of deadlocking. */
  async #lockConnection(tx: Tx, id: string): Promise<void> {
    const connection = await tx.em.findOne(EhrConnection, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!connection) throw notFound('The connection');
  }

  async #audit(tx: Tx, delivery: EhrDelivery, what: string, purpose: string): Promise<void> {
    await audit(tx, { action: 'execute', what, entities: [`${delivery.resourceType}/${delivery.resourceId}`, `EhrConnection/${delivery.connectionId}`], patients: [delivery.patientId], purpose });
  }
}
