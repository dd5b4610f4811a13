import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, notFound, type Clock } from '@cairn/kernel';
import { Transactions, backoffSeconds, cairnScope, type Tx } from '@cairn/platform';
import { Reminders, type Dispatch } from '@cairn/reminders';
import { CARRIERS, type Carrier } from './carrier.js';
import { DELIVERY, nextStep, triesAgain, type Outcome } from './delivery.rules.js';
import { Message } from './message.entity.js';
import { MessageAttempt, type AttemptWord } from './message-attempt.entity.js';
import { MessageLog } from './message-log.service.js';
import { REAL_CLOCK } from './real-clock.js';
import type { AttemptName } from './status-token.js';
import { templateFor } from './template.js';

/** What a provider's callback says of a message. */
export type DeliveryNews = 'accept' | 'fail' | 'deliver';

const WORD: Readonly<Record<DeliveryNews, AttemptWord>> = { accept: 'sent', fail: 'failed', deliver: 'delivered' };

/** Takes down what became of messages, and sees to what follows: another try, another channel, or a person. */
@Injectable()
export class MessageOutcomes {
  constructor(
    private readonly transactions: Transactions,
    private readonly reminders: Reminders,
    private readonly log: MessageLog,
    @Inject(CARRIERS) private readonly carriers: readonly Carrier[],
    @Inject(REAL_CLOCK) private readonly realClock: Clock,
  ) {}

  /** Records the outcome of a call, in a transaction of its own. May come after the lease ran out: better late knowledge than none. */
  async record(name: AttemptName, outcome: Outcome): Promise<void> {
    await this.transactions.run(cairnScope(name.clinicId, 'message-send', newId()), async (tx) => {
      const { message, attempt } = await this.#hold(tx, name);
      if (outcome.result === 'accepted') {
        this.log.note(tx, attempt, 'sent', { providerId: outcome.providerId });
        await this.#left(tx, message, 'accept');
        return;
      }
      const { code } = outcome;
      this.log.note(tx, attempt, outcome.result === 'unknown' ? 'unknown' : 'failed', { code });
      const last = await this.log.lastAttempt(tx, message);
      if (message.state !== 'sending' || last?.id !== attempt.id) return; // Others have moved on meanwhile.
      if (outcome.result === 'unknown') await this.#lost(tx, message, code);
      else if (outcome.result === 'refused') await this.#failed(tx, message, code);
      else await this.#busy(tx, message, code, outcome.retryAfterSeconds ?? 0);
    });
  }

  /** A lease ran out: whoever held it died, before the call or after it. */
  async lapse(tx: Tx, message: Message): Promise<void> {
    const attempt = await this.log.lastAttempt(tx, message);
    if (attempt) this.log.note(tx, attempt, 'unknown', { code: 'lease-ran-out' });
    await this.#lost(tx, message, 'lease-ran-out');
  }

  /** Records what a provider tells later. Twice, or out of order, changes nothing. Refuses with `not-found` an attempt that is not there. */
  async hear(name: AttemptName, news: DeliveryNews, providerId: string | undefined): Promise<void> {
    await this.transactions.run(cairnScope(name.clinicId, 'message-status', newId()), async (tx) => {
      const { message, attempt } = await this.#hold(tx, name);
      this.log.note(tx, attempt, WORD[news], { providerId });
      if (news === 'fail') await this.#failed(tx, message, 'undelivered');
      else await this.#left(tx, message, news);
    });
  }

  /** The message is not sent: by this rule, not this way or not at all. Where providers were tried until it was too late, a person takes over. */
  async drop(tx: Tx, message: Message, rule: string, how: 'not-this-way' | 'not-at-all'): Promise<void> {
    this.log.step(message, 'drop', rule);
    if (!message.reminderId) return;
    await this.reminders.recordDropped(tx, message.reminderId, message.channel, rule);
    const triedInVain = rule === 'too-late' && message.tries > 0;
    if (triedInVain) await this.reminders.giveUp(tx, message.reminderId, 'undelivered', rule);
    else if (how === 'not-at-all') await this.reminders.recordSkipped(tx, message.reminderId, rule);
    else await this.#goOn(tx, message.reminderId, rule);
  }

  /** Whether another message of the same reminder has reached the patient since this one was queued in its stead. */
  async isReachedOtherwise(tx: Tx, message: Message): Promise<boolean> {
    if (!message.reminderId) return false;
    const dispatch = await this.reminders.handedOver(tx, message.reminderId);
    return dispatch?.use === 'first-that-works' && (await this.#siblings(tx, message.reminderId)).some(({ state }) => state === 'sent' || state === 'delivered');
  }

  async #left(tx: Tx, message: Message, news: 'accept' | 'deliver'): Promise<void> {
    const isNews = message.state !== 'sent' && message.state !== 'delivered';
    if (!this.log.hear(message, news)) return;
    tx.em.assign(message, { retryAt: null, rule: null });
    await tx.flush();
    if (isNews) await this.log.audit(tx, message, 'message.sent');
    if (!message.reminderId) return;
    if (news === 'accept' || isNews) await this.reminders.recordSent(tx, message.reminderId, message.channel, message.interpreterNeeded);
    if (news === 'deliver') await this.reminders.recordDelivered(tx, message.reminderId, message.channel);
  }

  async #failed(tx: Tx, message: Message, code: string): Promise<void> {
    if (!this.log.hear(message, 'fail', code)) return;
    tx.em.assign(message, { retryAt: null });
    if (!message.reminderId) return;
    await this.reminders.recordUndelivered(tx, message.reminderId, message.channel, code);
    await this.#goOn(tx, message.reminderId, code);
  }

  async #busy(tx: Tx, message: Message, code: string, retryAfterSeconds: number): Promise<void> {
    const tries = message.tries + 1;
    const dispatch = message.reminderId ? await this.reminders.handedOver(tx, message.reminderId) : undefined;
    const others = message.reminderId ? await this.#siblings(tx, message.reminderId) : [];
    const anotherChannel = dispatch?.channels.some((channel) => !others.some((other) => other.channel === channel)) ?? false;
    if (!triesAgain(tries, anotherChannel)) return this.#failed(tx, message, code);
    this.log.step(message, 'retry', code);
    tx.em.assign(message, { tries, retryAt: this.#after(Math.max(backoffSeconds(tries), retryAfterSeconds)) });
  }

  async #lost(tx: Tx, message: Message, code: string): Promise<void> {
    this.log.step(message, 'lose', code);
    tx.em.assign(message, { retryAt: null });
    await this.log.audit(tx, message, 'message.outcome-unknown');
    if (message.reminderId) await this.reminders.recordUnknown(tx, message.reminderId, message.channel);
    const repeatsSafely = this.carriers.some((carrier) => carrier.channel === message.channel && carrier.repeatsSafely);
    if (message.repeats < DELIVERY.repeats && this.log.hear(message, 'repeat', code, repeatsSafely)) {
      tx.em.assign(message, { repeats: message.repeats + 1, retryAt: this.#after(backoffSeconds(message.repeats)) });
    } else if (message.reminderId) await this.#goOn(tx, message.reminderId, code);
  }

  async #goOn(tx: Tx, reminderId: string, rule: string): Promise<void> {
    await tx.flush();
    const dispatch = await this.reminders.handedOver(tx, reminderId);
    if (!dispatch) return;
    const step = nextStep(dispatch.channels, await this.#siblings(tx, reminderId));
    if (step.act === 'try') await this.#queue(tx, dispatch, step.channel);
    if (step.act === 'give-up') await this.reminders.giveUp(tx, reminderId, step.reason, rule);
  }

  async #queue(tx: Tx, { reminderId, patientId, kind }: Dispatch, channel: Message['channel']): Promise<void> {
    await this.log.queue(tx, { reminderId, patientId, channel, template: templateFor(kind) });
  }

  async #siblings(tx: Tx, reminderId: string): Promise<Message[]> {
    return tx.em.find(Message, { clinicId: tx.scope.clinicId, reminderId });
  }

  async #hold(tx: Tx, { clinicId, attemptId }: AttemptName): Promise<{ message: Message; attempt: MessageAttempt }> {
    const known = await tx.em.findOne(MessageAttempt, { clinicId, id: attemptId });
    if (!known) throw notFound('The message');
    const message = await tx.em.findOneOrFail(Message, { clinicId, id: known.messageId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const attempt = await tx.em.findOneOrFail(MessageAttempt, { clinicId, id: attemptId }, { refresh: true });
    return { message, attempt };
  }

  #after(seconds: number): Date {
    return new Date(this.realClock.now().getTime() + seconds * 1000);
  }
}
