import { Injectable } from '@nestjs/common';
import { decide, newId, nextState } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, type Tx } from '@cairn/platform';
import { reminderCommunication } from './reminder.fhir.js';
import type { Reminder } from './reminder.entity.js';
import { ReminderTransition } from './reminder-transition.entity.js';
import { reminderMachine, type ReminderEvent, type ReminderFacts, type ReminderState } from './reminder.workflow.js';

/** What the workflow's guards look at. */
export const workflowFacts = (reminder: Reminder, now: Date): ReminderFacts => ({
  due: now >= reminder.dueAt,
  silent: reminder.silentFrom !== null && now >= reminder.silentFrom,
  answer: reminder.answer,
});

/** Moves reminders along their workflow: state, step, FHIR face and audit in one. */
@Injectable()
export class ReminderLog {
  constructor(private readonly store: FhirStore) {}

  /** Takes the step, for the reason given. Refuses with a conflict what the workflow does not allow. */
  async step(tx: Tx, reminder: Reminder, event: ReminderEvent, rule: string | null = null): Promise<void> {
    const from = reminder.state;
    const to = nextState(reminderMachine, from, event, workflowFacts(reminder, tx.clock.now()));
    tx.em.assign(reminder, { state: to, rule: rule ?? reminder.rule });
    await this.write(tx, reminder, event, from, rule);
  }

  /** Takes the step if the workflow allows it. Returns whether it did: news that comes late or twice changes nothing. */
  async hear(tx: Tx, reminder: Reminder, event: ReminderEvent, rule: string | null = null): Promise<boolean> {
    if (!decide(reminderMachine, reminder.state, event, workflowFacts(reminder, tx.clock.now())).ok) return false;
    await this.step(tx, reminder, event, rule);
    return true;
  }

  /** Writes the step down, with the reminder's FHIR face as it is now. */
  async write(tx: Tx, reminder: Reminder, event: ReminderEvent | 'plan', from: ReminderState | null, rule: string | null): Promise<void> {
    const { clinicId, actor } = tx.scope;
    await tx.flush(); // The step refers to the reminder, which may be new.
    tx.em.create(ReminderTransition, {
      clinicId,
      id: newId(),
      reminderId: reminder.id,
      event,
      fromState: from,
      toState: reminder.state,
      rule,
      at: tx.clock.now(),
      actorKind: actor.kind,
      actorId: actor.id,
    });
    await tx.flush();
    await this.store.put(tx, reminderCommunication(reminder));
    await audit(tx, { action: from === null ? 'create' : 'update', what: `reminder.${event}`, entities: [`Communication/${reminder.id}`], patients: [reminder.patientId] });
  }
}
