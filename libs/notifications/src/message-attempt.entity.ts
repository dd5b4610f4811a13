import { defineEntity, p } from '@mikro-orm/postgresql';

/** What is known of an attempt, weakest first. Later news never counts for less. */
const ATTEMPT_WORDS = ['sending', 'unknown', 'sent', 'failed', 'delivered'] as const;
export type AttemptWord = (typeof ATTEMPT_WORDS)[number];

/** The word that holds once both were heard, in whatever order. */
export const weightier = (one: AttemptWord, other: AttemptWord): AttemptWord => (ATTEMPT_WORDS.indexOf(one) >= ATTEMPT_WORDS.indexOf(other) ? one : other);

const MessageAttemptSchema = defineEntity({
  name: 'MessageAttempt',
  tableName: 'message_attempt',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    messageId: p.uuid(),
    number: p.integer(),
    /** What the provider may recognise a repetition by; repetitions share it. */
    idempotencyKey: p.uuid(),
    word: p.string().$type<AttemptWord>(),
    /** What went wrong, in a word. */
    code: p.string().strictNullable(),
    providerId: p.string().strictNullable(),
    /** In real time. */
    leaseUntil: p.datetime(),
    startedAt: p.datetime(),
    endedAt: p.datetime().strictNullable(),
  },
});

/** One call to a provider, written down before it is made. */
export class MessageAttempt extends MessageAttemptSchema.class {}
MessageAttemptSchema.setClass(MessageAttempt);
