import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Channel, Topic } from '@cairn/people';
import type { About, ReminderKind } from './reminder-kinds.js';
import type { Answer, ReminderState } from './reminder.workflow.js';

const ReminderSchema = defineEntity({
  name: 'Reminder',
  tableName: 'reminder',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    kind: p.string().$type<ReminderKind>(),
    kindsVersion: p.string(),
    topic: p.string().$type<Topic>(),
    about: p.string().$type<About>(),
    /** The Task that it is about. */
    subjectId: p.string(),
    /** The moment it is about: of the meeting, or when the questionnaire closes. */
    eventAt: p.datetime(),
    dueAt: p.datetime(),
    latestAt: p.datetime(),
    state: p.string().$type<ReminderState>(),
    /** Why it was skipped, cancelled, postponed or escalated. */
    rule: p.string().strictNullable(),
    /** The channels it was claimed for, best first. */
    channels: p.array<Channel>(),
    sentAt: p.datetime().strictNullable(),
    /** Whether the patient may not understand the language it was worded in. */
    interpreterNeeded: p.boolean(),
    answer: p.string().$type<Answer>().strictNullable(),
    answeredAt: p.datetime().strictNullable(),
    /** From when the lack of an answer is heard. */
    silentFrom: p.datetime().strictNullable(),
    /** How often it fell due anew. */
    turn: p.integer(),
    plannedAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** One thing that a patient is to be reminded of, once. */
export class Reminder extends ReminderSchema.class {}
ReminderSchema.setClass(Reminder);
