import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel } from '@cairn/people';
import type { SendingWord } from './sending-words.js';

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
