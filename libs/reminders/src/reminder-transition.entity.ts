import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ReminderEvent, ReminderState } from './reminder.workflow.js';

const ReminderTransitionSchema = defineEntity({
  name: 'ReminderTransition',
  tableName: 'reminder_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    reminderId: p.uuid(),
    event: p.string().$type<ReminderEvent | 'plan'>(),
    fromState: p.string().$type<ReminderState>().strictNullable(),
    toState: p.string().$type<ReminderState>(),
    rule: p.string().strictNullable(),
    at: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
  },
});

/** One step of a reminder: who, when, from, to, why. Append-only. */
export class ReminderTransition extends ReminderTransitionSchema.class {}
ReminderTransitionSchema.setClass(ReminderTransition);
