import { Injectable } from '@nestjs/common';
import { newId, notFound } from '@cairn/kernel';
import { ContactPreferences, Patients, TOPICS, parsePhone, type Topic } from '@cairn/people';
import { Transactions, audit, cairnScope, type Tx } from '@cairn/platform';
import { ReminderAnswers, readReply, type Answer, type Reply } from '@cairn/reminders';
import { ClinicNumbers } from './clinic-numbers.js';
import { DELIVERY } from './delivery.rules.js';
import { Message } from './message.entity.js';
import { MessageLog } from './message-log.service.js';
import type { ServiceTemplate } from './template.js';

/** A text message from a phone, as the gateway hands it over. */
export interface InboundText {
  /** The gateway's own id; the same message keeps it when it is handed over again. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

/** Whom the number that wrote was written to before. */
interface Writer {
  readonly number: string;
  /** Patients, the one last written to first. */
  readonly patients: readonly string[];
  /** Reminders, the last one first. */
  readonly reminders: readonly string[];
}

const MESSAGES_LOOKED_AT = 50;

/** Reads replies: matches them to reminders, honours STOP at once, and hands to a coordinator what it can't place. */
@Injectable()
export class Replies {
  constructor(
    private readonly transactions: Transactions,
    private readonly numbers: ClinicNumbers,
    private readonly preferences: ContactPreferences,
    private readonly patients: Patients,
    private readonly answers: ReminderAnswers,
    private readonly log: MessageLog,
  ) {}

  /** Takes a reply, once however often it is handed over. Refuses with `not-found` a number that no clinic texts from. */
  async take(inbound: InboundText): Promise<void> {
    const clinicId = await this.numbers.find(inbound.to);
    if (!clinicId) throw notFound('A clinic with this number');
    await this.transactions.run(cairnScope(clinicId, 'sms-reply', newId()), async (tx) => {
      const reply = readReply(inbound.body);
      const writer = await this.#writer(tx, parsePhone(inbound.from)?.number ?? inbound.from);
      const reminder = await this.answers.answerable(tx, writer.reminders);
      if (!(await this.#isNew(tx, inbound, reply, reminder?.id ?? null))) return;
      await audit(tx, { action: 'create', what: `message.reply-${reply.says}`, entities: reminder ? [`Communication/${reminder.id}`] : [], patients: [...writer.patients] });
      await this.#act(tx, reply, writer, reminder?.id, inbound.body);
    });
  }

  async #act(tx: Tx, reply: Reply, writer: Writer, reminderId: string | undefined, text: string): Promise<void> {
    const known = writer.patients.length > 0;
    if (reply.says === 'help' && known) return this.#confirm(tx, writer, 'help');
    if (reply.says === 'start' && known) return this.#start(tx, reply.scope, writer);
    if (reply.says === 'stop' && known) await this.#stop(tx, reply.scope, writer);
    const answer: Answer = reply.says === 'help' || reply.says === 'start' ? 'free-text' : reply.says;
    const receivedAt = tx.clock.now();
    if (reminderId) await this.answers.record(tx, reminderId, { answer, text, receivedAt });
    else await this.answers.recordUnmatched(tx, { patientId: writer.patients.length === 1 ? (writer.patients[0] ?? null) : null, from: writer.number, text, receivedAt });
  }

  /** Whoever was written to at this number is not written to again. One confirmation, and only where something was stopped. */
  async #stop(tx: Tx, scope: Topic | 'all', writer: Writer): Promise<void> {
    const topics = scope === 'all' ? TOPICS : [scope];
    let stopped = false;
    for (const patientId of [...writer.patients].sort()) {
      const { optOuts } = await this.preferences.standing(tx, patientId);
      if (topics.every((topic) => optOuts.some((optOut) => optOut.topic === topic))) continue;
      await this.preferences.recordOptOut(tx, patientId, scope, 'sms-reply');
      stopped = true;
    }
    if (stopped) await this.#confirm(tx, writer, 'stopped');
  }

  async #start(tx: Tx, scope: Topic | 'all', writer: Writer): Promise<void> {
    for (const patientId of [...writer.patients].sort()) await this.preferences.recordOptIn(tx, patientId, scope, 'sms-reply');
    await this.#confirm(tx, writer, 'started');
  }

  /** Answers the phone itself, at once: it has just written, so neither the hour nor an opt-out stands against it. */
  async #confirm(tx: Tx, { number, patients }: Writer, template: ServiceTemplate): Promise<void> {
    const [patientId = null] = patients;
    const patient = patientId === null ? undefined : await this.patients.get(tx, patientId);
    const latestAt = new Date(tx.clock.now().getTime() + DELIVERY.confirmationMinutes * 60_000);
    await this.log.queue(tx, { patientId, reminderId: null, channel: 'sms', template, address: number, latestAt, ...(patient?.language ? { language: patient.language } : {}) });
  }

  async #writer(tx: Tx, number: string): Promise<Writer> {
    const where = { clinicId: tx.scope.clinicId, channel: 'sms' as const, address: number };
    const messages = await tx.em.find(Message, where, { orderBy: { id: 'desc' }, limit: MESSAGES_LOOKED_AT });
    const present = <T>(values: readonly (T | null)[]): T[] => [...new Set(values.filter((value) => value !== null))];
    return { number, patients: present(messages.map(({ patientId }) => patientId)), reminders: present(messages.map(({ reminderId }) => reminderId)) };
  }

  async #isNew(tx: Tx, { id }: InboundText, { says }: Reply, reminderId: string | null): Promise<boolean> {
    const rows = await tx.query({
      name: 'message-reply-take',
      text: `insert into message_reply (clinic_id, provider_id, says, reminder_id, received_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning provider_id`,
      values: [tx.scope.clinicId, id, says, reminderId, tx.clock.now()],
    });
    return rows.length > 0;
  }
}
