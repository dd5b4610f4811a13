import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, type Clock } from '@cairn/kernel';
import { clinicContact, type Channel, type ClinicContact } from '@cairn/people';
import { Clinics, Transactions, cairnScope, type DueRow, type Tx } from '@cairn/platform';
import { Reminders } from '@cairn/reminders';
import { CARRIERS, type Carrier, type Letter } from './carrier.js';
import { DELIVERY } from './delivery.rules.js';
import { Message } from './message.entity.js';
import { MessageAttempt } from './message-attempt.entity.js';
import { MessageLog } from './message-log.service.js';
import { MessageOutcomes } from './message-outcomes.service.js';
import { MessageText, type Occasion } from './message-text.service.js';
import { REAL_CLOCK } from './real-clock.js';

/** A claimed message: one call to one carrier, already written down as an attempt. */
export interface Errand {
  readonly clinicId: string;
  readonly messageId: string;
  readonly attemptId: string;
  readonly carrier: Carrier;
  readonly letter: Letter;
}

/**
 * Claims messages that are due. In one transaction every rule is asked once more, the attempt is written down and the message is leased; the
 * call itself is made after the commit. A claim whose lease ran out means that a process died between the two, or after the call.
 */
@Injectable()
export class MessageClaims {
  constructor(
    private readonly transactions: Transactions,
    private readonly clinics: Clinics,
    private readonly reminders: Reminders,
    private readonly log: MessageLog,
    private readonly outcomes: MessageOutcomes,
    private readonly texts: MessageText,
    @Inject(CARRIERS) private readonly carriers: readonly Carrier[],
    @Inject(REAL_CLOCK) private readonly realClock: Clock,
  ) {}

  /** The errand that is to be run now, or undefined when there is none: the message waits, is being sent, was dropped, or its lease ran out. */
  async claim({ clinicId, id }: DueRow): Promise<Errand | undefined> {
    return this.transactions.run(cairnScope(clinicId, 'message-send', newId()), async (tx) => {
      const where = { clinicId, id, state: { $in: ['queued' as const, 'sending' as const] } };
      const message = await tx.em.findOne(Message, where, { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE });
      if (!message || (message.retryAt && message.retryAt > this.realClock.now())) return undefined;
      if (message.state === 'sending') {
        await this.outcomes.lapse(tx, message);
        return undefined;
      }
      return message.dueAt > tx.clock.now() ? undefined : this.#prepare(tx, message);
    });
  }

  async #prepare(tx: Tx, message: Message): Promise<Errand | undefined> {
    const carrier = this.#carrierFor(message.channel);
    const contact = clinicContact(await this.clinics.get(tx.scope.clinicId));
    if (!carrier.ready) return this.#end(tx, message, 'channel-not-configured');
    if (!contact) return this.#end(tx, message, 'clinic-contact-missing');
    if (message.latestAt && tx.clock.now() >= message.latestAt) return this.#end(tx, message, 'too-late');
    const occasion = message.reminderId ? await this.#clear(tx, message, message.reminderId) : undefined;
    if (message.state !== 'queued' || message.dueAt > tx.clock.now()) return undefined;
    const to = message.address ?? (message.channel === 'sms' ? occasion?.patient.textPhones[0] : occasion?.patient.emails[0]);
    const text = await this.texts.of(tx, message, contact, occasion);
    if (to === undefined || !text) return this.#end(tx, message, to === undefined ? 'no-address' : 'no-room-for-text');
    tx.em.assign(message, {
      address: to,
      language: text.wording.locale,
      interpreterNeeded: text.wording.interpreterNeeded,
      parameters: occasion ? { day: occasion.eventAt.toISOString(), zone: occasion.zone } : {},
    });
    const { wording: _wording, ...said } = text;
    return this.#lease(tx, message, carrier, contact, { to, ...said });
  }

  /** Asks the reminder whether the message may leave. Where not, the message has been moved on, and undefined is returned. */
  async #clear(tx: Tx, message: Message, reminderId: string): Promise<Occasion | undefined> {
    if (await this.outcomes.isReachedOtherwise(tx, message)) {
      this.log.step(message, 'cancel', 'reached-otherwise');
      return undefined;
    }
    const clearance = await this.reminders.clear(tx, reminderId, message.channel);
    if (clearance.may === 'send') return clearance;
    if (clearance.may === 'wait') {
      this.log.step(message, 'wait', clearance.rule);
      tx.em.assign(message, { dueAt: clearance.until });
    } else await this.outcomes.drop(tx, message, clearance.rule, clearance.may);
    return undefined;
  }

  async #lease(tx: Tx, message: Message, carrier: Carrier, contact: ClinicContact, text: Pick<Letter, 'to' | 'text' | 'subject' | 'stopLink'>): Promise<Errand> {
    const { clinicId } = tx.scope;
    const last = await this.log.lastAttempt(tx, message);
    const leaseUntil = new Date(this.realClock.now().getTime() + DELIVERY.leaseSeconds * 1000);
    const attempt = tx.em.create(MessageAttempt, {
      clinicId,
      id: newId(),
      messageId: message.id,
      number: (last?.number ?? 0) + 1,
      idempotencyKey: last?.word === 'unknown' ? last.idempotencyKey : newId(),
      word: 'sending',
      code: null,
      providerId: null,
      leaseUntil,
      startedAt: tx.clock.now(),
      endedAt: null,
    });
    this.log.step(message, 'send');
    tx.em.assign(message, { retryAt: leaseUntil, rule: null });
    const { id: attemptId, idempotencyKey } = attempt;
    const letter: Letter = { ...text, fromName: contact.neutralName, fromNumber: contact.smsNumber, language: message.language ?? 'en', attemptId, idempotencyKey };
    return { clinicId, messageId: message.id, attemptId, carrier, letter };
  }

  async #end(tx: Tx, message: Message, rule: string): Promise<undefined> {
    await this.outcomes.drop(tx, message, rule, 'not-this-way');
  }

  #carrierFor(channel: Channel): Carrier {
    const carrier = this.carriers.find((candidate) => candidate.channel === channel);
    if (!carrier) throw new Error(`No carrier takes ${channel}.`);
    return carrier;
  }
}
