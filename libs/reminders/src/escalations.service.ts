import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, expectVersion, type Tx } from '@cairn/platform';
import { Escalation } from './escalation.entity.js';
import { escalationMachine, type EscalationOutcome, type EscalationReason } from './escalation.workflow.js';
import { escalationTask } from './reminder.fhir.js';
import { REMINDER_ESCALATED } from './reminder.events.js';
import { ESCALATION_DUE_HOURS } from './reminder-kinds.js';

/** What a coordinator is asked to see to. */
export interface Need {
  readonly patientId: string | null;
  readonly reminderId: string | null;
  readonly reason: EscalationReason;
  readonly rule?: string | null;
  readonly replyId?: string | null;
}

/** Hands to a coordinator what messages can't do, and takes down what came of it. */
@Injectable()
export class Escalations {
  constructor(private readonly store: FhirStore) {}

  /** Opens an escalation, with its Task. Returns its id. It has no owner by name: the clinic's coordinators share one worklist. */
  async open(tx: Tx, need: Need): Promise<string> {
    const { clinicId } = tx.scope;
    const now = tx.clock.now();
    const escalation = tx.em.create(Escalation, {
      clinicId,
      id: newId(),
      patientId: need.patientId,
      reminderId: need.reminderId,
      reason: need.reason,
      rule: need.rule ?? null,
      replyId: need.replyId ?? null,
      state: 'open',
      openedAt: now,
      dueAt: new Date(now.getTime() + ESCALATION_DUE_HOURS * 3_600_000),
      closedAt: null,
      closedBy: null,
      outcome: null,
      note: null,
      version: 1,
    });
    await this.#write(tx, escalation, 'open');
    if (need.reminderId && need.patientId) await tx.emit(REMINDER_ESCALATED, { reminderId: need.reminderId, patientId: need.patientId, escalationId: escalation.id });
    return escalation.id;
  }

  /** A coordinator says what came of it. Refuses one that is closed, and a stale version. */
  async resolve(tx: Tx, id: string, result: { outcome: EscalationOutcome; note: string | null }, readVersion: number | undefined): Promise<void> {
    const escalation = await tx.em.findOne(Escalation, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!escalation) throw notFound('The escalation');
    expectVersion(readVersion, escalation.version);
    const state = nextState(escalationMachine, escalation.state, 'resolve', {});
    tx.em.assign(escalation, { state, ...result, closedAt: tx.clock.now(), closedBy: tx.scope.actor.id });
    await this.#write(tx, escalation, 'resolve');
  }

  /** Takes back what is open about the reminder, for these reasons or for all: the patient answered, or the event is off. */
  async withdraw(tx: Tx, reminderId: string, reasons?: readonly EscalationReason[]): Promise<void> {
    const { clinicId, actor } = tx.scope;
    const open = await tx.em.find(Escalation, { clinicId, reminderId, state: 'open', ...(reasons ? { reason: { $in: [...reasons] } } : {}) }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    for (const escalation of open) {
      tx.em.assign(escalation, { state: nextState(escalationMachine, escalation.state, 'withdraw', {}), closedAt: tx.clock.now(), closedBy: actor.id });
      await this.#write(tx, escalation, 'withdraw');
    }
  }

  async #write(tx: Tx, escalation: Escalation, act: 'open' | 'resolve' | 'withdraw'): Promise<void> {
    await tx.flush();
    await this.store.put(tx, escalationTask(escalation, tx.clock.now()));
    await audit(tx, {
      action: act === 'open' ? 'create' : 'update',
      what: `escalation.${act}`,
      entities: [`Task/${escalation.id}`],
      patients: escalation.patientId ? [escalation.patientId] : [],
    });
  }
}
