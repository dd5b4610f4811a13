import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel } from '@cairn/people';

/** What became known of a reminder on one channel, weakest first: a later word never counts for less. */
export const SENDING_WORDS = ['dropped', 'sending', 'unknown', 'sent', 'undelivered', 'delivered'] as const;
export type SendingWord = (typeof SENDING_WORDS)[number];

const ReminderSendingSchema = defineEntity({
  name: 'ReminderSending',
  tableName: 'reminder_sending',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    reminderId: p.uuid(),
    patientId: p.string(),
    channel: p.string().$type<Channel>(),
    word: p.string().$type<SendingWord>(),
    rule: p.string().strictNullable(),
    at: p.datetime(),
  },
});

/** One piece of news about a reminder on one channel. Append-only; the frequency cap counts by it. */
export class ReminderSending extends ReminderSendingSchema.class {}
ReminderSendingSchema.setClass(ReminderSending);
