import { Injectable } from '@nestjs/common';
import { decide, newId, nextState } from '@cairn/kernel';
import type { Channel } from '@cairn/people';
import { audit, type Tx } from '@cairn/platform';
import { Message, type KeptParameters } from './message.entity.js';
import { MessageAttempt, weightier, type AttemptWord } from './message-attempt.entity.js';
import { messageMachine, type MessageEvent } from './message.workflow.js';
import { TEMPLATES_VERSION, type Template } from './template.js';

/** A message that is to be sent. */
export interface Wish {
  readonly patientId: string | null;
  readonly reminderId: string | null;
  readonly channel: Channel;
  readonly template: Template;
  readonly address?: string;
  readonly latestAt?: Date;
  readonly language?: string;
}

/** Writes messages and attempts down and moves them along their workflow. */
@Injectable()
export class MessageLog {
  /** Queues a message, due now. */
  async queue(tx: Tx, wish: Wish): Promise<void> {
    const now = tx.clock.now();
    tx.em.create(Message, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      patientId: wish.patientId,
      reminderId: wish.reminderId,
      channel: wish.channel,
      template: wish.template,
      templatesVersion: TEMPLATES_VERSION,
      language: wish.language ?? null,
      interpreterNeeded: false,
      address: wish.address ?? null,
      parameters: {} satisfies KeptParameters,
      state: 'queued',
      rule: null,
      dueAt: now,
      latestAt: wish.latestAt ?? null,
      retryAt: null,
      tries: 0,
      repeats: 0,
      turn: 0,
      createdAt: now,
      version: 1,
    });
    await tx.flush();
    await tx.ring();
  }

  /** Takes the step. Refuses with a conflict what the workflow does not allow. */
  step(message: Message, event: MessageEvent, rule: string | null = null, repeatsSafely = false): void {
    const state = nextState(messageMachine, message.state, event, { repeatsSafely });
    Object.assign(message, { state, rule: rule ?? message.rule, turn: message.turn + 1 });
  }

  /** Takes the step if the workflow allows it. Returns whether it did: news that comes late or twice changes nothing. */
  hear(message: Message, event: MessageEvent, rule: string | null = null, repeatsSafely = false): boolean {
    if (!decide(messageMachine, message.state, event, { repeatsSafely }).ok) return false;
    this.step(message, event, rule, repeatsSafely);
    return true;
  }

  /** Adds what became known to the attempt. Weaker news than is known already changes nothing but the provider's name for it. */
  note(tx: Tx, attempt: MessageAttempt, word: AttemptWord, facts: { code?: string; providerId?: string | undefined } = {}): void {
    tx.em.assign(attempt, {
      word: weightier(attempt.word, word),
      code: facts.code ?? attempt.code,
      providerId: facts.providerId ?? attempt.providerId,
      endedAt: attempt.endedAt ?? tx.clock.now(),
    });
  }

  /** The last attempt of a message. */
  async lastAttempt(tx: Tx, { id: messageId }: Message): Promise<MessageAttempt | null> {
    return tx.em.findOne(MessageAttempt, { clinicId: tx.scope.clinicId, messageId }, { orderBy: { number: 'desc' } });
  }

  /** Puts on record that a message left, or may have left: to whom, how, by which template; never its text. */
  async audit(tx: Tx, message: Message, what: 'message.sent' | 'message.outcome-unknown'): Promise<void> {
    await audit(tx, {
      action: 'execute',
      what,
      entities: [`Message/${message.id}`, ...(message.reminderId ? [`Communication/${message.reminderId}`] : [])],
      patients: message.patientId ? [message.patientId] : [],
      purpose: `${message.channel} ${message.template} ${message.language ?? ''} ${message.templatesVersion}`,
    });
  }
}
