import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel } from '@cairn/people';
import type { MessageState } from './message.workflow.js';
import type { Template } from './template.js';

/** What a message's text can be made from again, besides the names that stand elsewhere. */
export interface KeptParameters {
  /** The moment it is about, as an instant. */
  readonly day?: string;
  /** The recipient's zone. */
  readonly zone?: string;
}

const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    /** Null where a number wrote that belongs to no patient. */
    patientId: p.string().strictNullable(),
    /** Null for answers to text messages. */
    reminderId: p.uuid().strictNullable(),
    channel: p.string().$type<Channel>(),
    template: p.string().$type<Template>(),
    templatesVersion: p.string(),
    /** The language and region it is worded in, as a BCP-47 tag. */
    language: p.string().strictNullable(),
    interpreterNeeded: p.boolean(),
    /** Number or address; known from the first attempt on, and not changed by later ones. */
    address: p.string().strictNullable(),
    parameters: p.json().$type<KeptParameters>(),
    state: p.string().$type<MessageState>(),
    rule: p.string().strictNullable(),
    /** On the clinic's clock. */
    dueAt: p.datetime(),
    /** From when it is not sent any more, on the clinic's clock; null where its reminder knows. */
    latestAt: p.datetime().strictNullable(),
    /** In real time: not before this instant; while sending, the end of the lease. */
    retryAt: p.datetime().strictNullable(),
    /** How often a busy provider was met. */
    tries: p.integer(),
    /** How often it was repeated after an outcome that nobody knows. */
    repeats: p.integer(),
    turn: p.integer(),
    createdAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** One message to one patient on one channel. Its text is not kept. */
export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message);
