import type { Entities } from '@cairn/platform';
import { Escalation } from './escalation.entity.js';
import { Reminder } from './reminder.entity.js';
import { ReminderSending } from './reminder-sending.entity.js';
import { ReminderTransition } from './reminder-transition.entity.js';

export { ReminderAnswers, type GivenAnswer } from './reminder-answers.service.js';
export { REMINDER_ANSWERED, REMINDER_CANCELLED, REMINDER_CLAIMED, REMINDER_ESCALATED } from './reminder.events.js';
export { KINDS, NOTICES, type ChannelUse, type ReminderKind } from './reminder-kinds.js';
export { type Answer } from './reminder.workflow.js';
export { readReply, type Reply } from './reply.js';
export { Reminders, type Clearance, type Dispatch } from './reminders.service.js';
export { RemindersModule } from './reminders.module.js';
export { remindersMigrations } from './reminders.migration.js';

/** Entities of this lib. */
export const remindersEntities: Entities = [Reminder, ReminderTransition, ReminderSending, Escalation];
