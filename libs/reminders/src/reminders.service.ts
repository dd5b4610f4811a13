import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import type { Channel, Topic } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import type { EscalationReason } from './escalation.workflow.js';
import { Reminder } from './reminder.entity.js';
import { ReminderCheck, type Checked } from './reminder-check.service.js';
import { rulesOf, type ChannelUse, type ReminderKind } from './reminder-kinds.js';
import { ReminderLog } from './reminder-log.service.js';
import type { SendingRule } from './reminder.rules.js';
import { silentFrom } from './reminder-schedule.js';
import { ReminderSending } from './reminder-sending.entity.js';
import type { SendingWord } from './sending-words.js';
import type { ReminderState } from './reminder.workflow.js';

/** A reminder that is handed to whoever sends messages. */
export interface Dispatch {
  readonly reminderId: string;
  readonly patientId: string;
  readonly kind: ReminderKind;
  readonly topic: Topic;
  readonly subjectId: string;
  readonly use: ChannelUse;
  /** Channels that are open, best first. */
  readonly channels: readonly Channel[];
}

/** Whether a message of a reminder may leave on a channel, now: with what to say it by, or until when to wait, or why not. */
export type Clearance =
  | { readonly may: 'send'; readonly patient: NonNullable<Checked['patient']>; readonly zone: string; readonly eventAt: Date; readonly subjectId: string }
  | { readonly may: 'wait'; readonly until: Date; readonly rule: SendingRule }
  /** This channel is closed; another may do. */
  | { readonly may: 'not-this-way'; readonly rule: SendingRule }
  /** Nobody need be reached any more. */
  | { readonly may: 'not-at-all'; readonly rule: SendingRule | `reminder-${ReminderState}` };

/** Channels on which a question can be answered. */
const ANSWERED_BY: readonly Channel[] = ['sms'];

/** Rules after which nothing is to be sent on any channel. */
const FINAL: readonly SendingRule[] = ['subject-missing', 'no-longer-needed', 'too-late', 'deceased'];

/** States in which messages of a reminder may still leave. */
const LEAVING: readonly ReminderState[] = ['sending', 'unknown', 'sent', 'delivered'];

/** What reminders offer to those who carry them to the patient. */
@Injectable()
export class Reminders {
  constructor(
    private readonly log: ReminderLog,
    private readonly checks: ReminderCheck,
    private readonly escalations: Escalations,
  ) {}

  /** Hands over a claimed reminder, once. Undefined when it is not claimed any more: cancelled meanwhile, or handed over before. */
  async handOver(tx: Tx, reminderId: string): Promise<Dispatch | undefined> {
    const reminder = await this.hold(tx, reminderId);
    return (await this.log.hear(tx, reminder, 'send')) ? dispatchOf(reminder) : undefined;
  }

  /** What was handed over, or undefined when nothing of it may leave any more. */
  async handedOver(tx: Tx, reminderId: string): Promise<Dispatch | undefined> {
    const reminder = await this.hold(tx, reminderId);
    return LEAVING.includes(reminder.state) ? dispatchOf(reminder) : undefined;
  }

  /**
   * Asks once more, at the moment of sending, whether a message of this reminder may leave on the channel. Messages to one patient are
   * decided one after another, so that two can't both be the one that the frequency cap allows. With `send`, the sending counts from here.
   */
  async clear(tx: Tx, reminderId: string, channel: Channel): Promise<Clearance> {
    const reminder = await this.hold(tx, reminderId);
    if (!LEAVING.includes(reminder.state)) return { may: 'not-at-all', rule: `reminder-${reminder.state}` };
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`contact/${tx.scope.clinicId}/${reminder.patientId}`]);
    const { decision, patient, profile, subject } = await this.checks.check(tx, reminder, channel);
    if (decision.act === 'postpone') {
      // Two that fell due at the same moment were both let go, and the first filled the day: whoever looks must see when this one leaves.
      tx.em.assign(reminder, { dueAt: decision.until });
      return { may: 'wait', until: decision.until, rule: decision.rule };
    }
    if (decision.act !== 'send') return { may: FINAL.includes(decision.rule) ? 'not-at-all' : 'not-this-way', rule: decision.rule };
    if (!patient || !profile || !subject) throw new Error('A reminder was cleared for a patient or an event that is not there.');
    await this.#note(tx, reminder, channel, 'sending');
    return { may: 'send', patient, zone: profile.zone, eventAt: subject.at, subjectId: reminder.subjectId };
  }

  /** The provider took it. `interpreterNeeded`: the patient may not understand the language it is worded in. */
  async recordSent(tx: Tx, reminderId: string, channel: Channel, interpreterNeeded: boolean): Promise<void> {
    const reminder = await this.hold(tx, reminderId);
    if (interpreterNeeded) tx.em.assign(reminder, { interpreterNeeded });
    await this.#note(tx, reminder, channel, 'sent');
    await this.#reached(tx, reminder, channel, 'accept');
  }

  /** The provider says that it arrived. May come before `recordSent`, and more than once. */
  async recordDelivered(tx: Tx, reminderId: string, channel: Channel): Promise<void> {
    const reminder = await this.hold(tx, reminderId);
    await this.#note(tx, reminder, channel, 'delivered');
    await this.#reached(tx, reminder, channel, 'deliver');
  }

  /** Nobody can tell whether it left on this channel. */
  async recordUnknown(tx: Tx, reminderId: string, channel: Channel): Promise<void> {
    const reminder = await this.hold(tx, reminderId);
    await this.#note(tx, reminder, channel, 'unknown');
    await this.log.hear(tx, reminder, 'lose', 'outcome-unknown');
  }

  /** It did not get through on this channel. What that means for the reminder is said by `giveUp`, once nothing else is left. */
  async recordUndelivered(tx: Tx, reminderId: string, channel: Channel, rule: string): Promise<void> {
    await this.#note(tx, await this.hold(tx, reminderId), channel, 'undelivered', rule);
  }

  /** It was not sent on this channel after all: at the moment of sending a rule forbade it. */
  async recordDropped(tx: Tx, reminderId: string, channel: Channel, rule: string): Promise<void> {
    await this.#note(tx, await this.hold(tx, reminderId), channel, 'dropped', rule);
  }

  /** Nothing is left to try: a person takes over, unless nobody is to be reached any more. */
  async giveUp(tx: Tx, reminderId: string, reason: Extract<EscalationReason, 'undelivered' | 'outcome-unknown' | 'no-channel'>, rule: string): Promise<void> {
    const reminder = await this.hold(tx, reminderId);
    if (reason === 'undelivered') await this.log.hear(tx, reminder, 'fail', rule);
    if (!(await this.log.hear(tx, reminder, 'escalate', rule))) return;
    await this.escalations.open(tx, { patientId: reminder.patientId, reminderId, reason, rule });
  }

  /** Nothing more of it is sent. Where it is not known whether the patient was written to before that, and it matters still, a person takes over. */
  async recordSkipped(tx: Tx, reminderId: string, rule: string): Promise<void> {
    const reminder = await this.hold(tx, reminderId);
    if (await this.log.hear(tx, reminder, 'skip', rule)) return;
    if (reminder.state === 'unknown' && rule === 'too-late') await this.giveUp(tx, reminderId, 'outcome-unknown', rule);
  }

  /** The reminder, held until the transaction ends. */
  async hold(tx: Tx, reminderId: string): Promise<Reminder> {
    return tx.em.findOneOrFail(Reminder, { clinicId: tx.scope.clinicId, id: reminderId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  }

  async #reached(tx: Tx, reminder: Reminder, channel: Channel, event: 'accept' | 'deliver'): Promise<void> {
    const now = tx.clock.now();
    const asked = ANSWERED_BY.includes(channel) ? silentFrom(reminder.kind, now, reminder.eventAt) : null;
    tx.em.assign(reminder, { sentAt: reminder.sentAt ?? now, silentFrom: reminder.silentFrom ?? asked });
    await this.log.hear(tx, reminder, event);
  }

  async #note(tx: Tx, { id: reminderId, patientId }: Reminder, channel: Channel, word: SendingWord, rule: string | null = null): Promise<void> {
    tx.em.create(ReminderSending, { clinicId: tx.scope.clinicId, id: newId(), reminderId, patientId, channel, word, rule, at: tx.clock.now() });
    await tx.flush();
  }
}

const dispatchOf = ({ id, patientId, kind, topic, subjectId, channels }: Reminder): Dispatch => ({
  reminderId: id,
  patientId,
  kind,
  topic,
  subjectId,
  use: rulesOf(kind).channels,
  channels,
});
