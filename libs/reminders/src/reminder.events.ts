/** What reminders tell the other features. All carry `{ reminderId, patientId }`. */

/** Its moment has come and it may be sent: whoever sends messages takes it from here. */
export const REMINDER_CLAIMED = 'reminder.claimed';
/** The patient answered. */
export const REMINDER_ANSWERED = 'reminder.answered';
/** A coordinator must see to it. Also carries `escalationId`. */
export const REMINDER_ESCALATED = 'reminder.escalated';
/** It is cancelled: what of it has not left yet must not leave. */
export const REMINDER_CANCELLED = 'reminder.cancelled';
