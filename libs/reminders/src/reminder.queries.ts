import { Injectable } from '@nestjs/common';
import { availableEvents, notFound } from '@cairn/kernel';
import type { Channel } from '@cairn/people';
import { Transactions, audit, may, type Scope, type Tx } from '@cairn/platform';
import { Escalation } from './escalation.entity.js';
import { NEXT_STEP, type EscalationState } from './escalation.workflow.js';
import { Reminder } from './reminder.entity.js';
import { workflowFacts } from './reminder-log.service.js';
import { ReminderSending } from './reminder-sending.entity.js';
import { ReminderTransition } from './reminder-transition.entity.js';
import type { SendingWord } from './sending-words.js';
import { reminderMachine, type ReminderState } from './reminder.workflow.js';

/** Which of a list to read: of one patient, in one state; so many after the cursor. */
export interface Filter<State> {
  readonly patient?: string | undefined;
  readonly state?: State | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A page of a list. `next` is the cursor of the page after it, absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** A reminder as people see it. */
export interface ReminderView extends Pick<Reminder, 'id' | 'patientId' | 'kind' | 'topic' | 'state' | 'rule' | 'channels' | 'eventAt' | 'dueAt' | 'sentAt' | 'interpreterNeeded' | 'answer' | 'answeredAt' | 'version'> {
  /** The Task that it is about. */
  readonly subject: string;
  readonly availableActions: readonly ('cancel' | 'answer')[];
}

/** A reminder with everything that happened to it, oldest first. */
export interface ReminderHistory extends ReminderView {
  readonly steps: readonly { readonly at: Date; readonly event: string; readonly from: string | null; readonly to: string; readonly rule: string | null; readonly by: string }[];
  readonly sendings: readonly { readonly at: Date; readonly channel: Channel; readonly word: SendingWord; readonly rule: string | null }[];
  readonly escalations: readonly EscalationView[];
}

/** An escalation as coordinators see it. */
export interface EscalationView extends Pick<Escalation, 'id' | 'patientId' | 'reminderId' | 'reason' | 'rule' | 'state' | 'openedAt' | 'dueAt' | 'closedAt' | 'outcome' | 'note' | 'version'> {
  readonly nextStep: string;
  /** The Communication with what the patient wrote, where there is one. */
  readonly reply: string | null;
  readonly overdue: boolean;
  readonly availableActions: readonly 'resolve'[];
}

/** Reads reminders and escalations for people. Every look is audited. */
@Injectable()
export class ReminderQueries {
  constructor(private readonly transactions: Transactions) {}

  /** Reminders, newest first. */
  async list(scope: Scope, { patient, state, after, limit }: Filter<ReminderState>): Promise<Page<ReminderView>> {
    return this.transactions.run(scope, async (tx) => {
      const where = { clinicId: scope.clinicId, ...(patient ? { patientId: patient } : {}), ...(state ? { state } : {}), ...(after ? { id: { $lt: after } } : {}) };
      const rows = await tx.em.find(Reminder, where, { orderBy: { id: 'desc' }, limit: limit + 1 });
      const page = pageOf(rows, limit, (row) => viewOf(row, scope, tx.clock.now()));
      await this.#audit(tx, 'reminder.list', page.items.map(({ id }) => `Communication/${id}`), page.items.map(({ patientId }) => patientId));
      return page;
    });
  }

  /** One reminder with its history. Refuses with `not-found`. */
  async one(scope: Scope, id: string): Promise<ReminderHistory> {
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      const reminder = await tx.em.findOne(Reminder, { clinicId, id });
      if (!reminder) throw notFound('The reminder');
      const steps = await tx.em.find(ReminderTransition, { clinicId, reminderId: id }, { orderBy: { id: 'asc' } });
      const sendings = await tx.em.find(ReminderSending, { clinicId, reminderId: id }, { orderBy: { id: 'asc' } });
      const escalations = await tx.em.find(Escalation, { clinicId, reminderId: id }, { orderBy: { id: 'asc' } });
      await this.#audit(tx, 'reminder.read', [`Communication/${id}`], [reminder.patientId]);
      return {
        ...viewOf(reminder, scope, tx.clock.now()),
        steps: steps.map(({ at, event, fromState, toState, rule, actorKind, actorId }) => ({ at, event, from: fromState, to: toState, rule, by: `${actorKind} ${actorId}` })),
        sendings: sendings.map(({ at, channel, word, rule }) => ({ at, channel, word, rule })),
        escalations: escalations.map((escalation) => escalationView(escalation, scope, tx.clock.now())),
      };
    });
  }

  /** Escalations: the open ones are the coordinators' worklist. Oldest first, so that nobody is forgotten. */
  async escalations(scope: Scope, { patient, state = 'open', after, limit }: Filter<EscalationState>): Promise<Page<EscalationView>> {
    return this.transactions.run(scope, async (tx) => {
      const where = { clinicId: scope.clinicId, state, ...(patient ? { patientId: patient } : {}), ...(after ? { id: { $gt: after } } : {}) };
      const rows = await tx.em.find(Escalation, where, { orderBy: { id: 'asc' }, limit: limit + 1 });
      const page = pageOf(rows, limit, (row) => escalationView(row, scope, tx.clock.now()));
      await this.#audit(tx, 'escalation.list', page.items.map(({ id }) => `Task/${id}`), page.items.map(({ patientId }) => patientId));
      return page;
    });
  }

  /** One escalation. Refuses with `not-found`. */
  async escalation(scope: Scope, id: string): Promise<EscalationView> {
    return this.transactions.run(scope, async (tx) => {
      const row = await tx.em.findOne(Escalation, { clinicId: scope.clinicId, id });
      if (!row) throw notFound('The escalation');
      await this.#audit(tx, 'escalation.read', [`Task/${id}`], [row.patientId]);
      return escalationView(row, scope, tx.clock.now());
    });
  }

  async #audit(tx: Tx, what: string, entities: readonly string[], patients: readonly (string | null)[]): Promise<void> {
    const known = patients.filter((patient) => patient !== null);
    await audit(tx, { action: 'read', what, entities, patients: [...new Set(known)] });
  }
}

function pageOf<Row extends { id: string }, View>(rows: readonly Row[], limit: number, view: (row: Row) => View): Page<View> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), ...(rows.length > limit && last ? { next: last.id } : {}) };
}

function viewOf(reminder: Reminder, { actor }: Scope, now: Date): ReminderView {
  const { id, patientId, kind, topic, state, rule, channels, eventAt, dueAt, sentAt, interpreterNeeded, answer, answeredAt, version } = reminder;
  const events = may(actor, 'reminder.write') ? availableEvents(reminderMachine, state, workflowFacts(reminder, now)) : [];
  const availableActions = (['cancel', 'answer'] as const).filter((action) => events.includes(action));
  return { id, patientId, kind, topic, subject: `Task/${reminder.subjectId}`, state, rule, channels, eventAt, dueAt, sentAt, interpreterNeeded, answer, answeredAt, version, availableActions };
}

function escalationView(escalation: Escalation, { actor }: Scope, now: Date): EscalationView {
  const { id, patientId, reminderId, reason, rule, state, openedAt, dueAt, closedAt, outcome, note, version, replyId } = escalation;
  return {
    id,
    patientId,
    reminderId,
    reason,
    rule,
    nextStep: NEXT_STEP[reason],
    reply: replyId ? `Communication/${replyId}` : null,
    state,
    openedAt,
    dueAt,
    overdue: state === 'open' && now > dueAt,
    closedAt,
    outcome,
    note,
    version,
    availableActions: state === 'open' && may(actor, 'reminder.write') ? ['resolve'] : [],
  };
}
