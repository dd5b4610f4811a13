import type { OpenWork } from '@cairn/platform';

/** Patients whom no message reaches, and whatever else of reminders waits for a person. */
export const openEscalations: OpenWork = {
  kind: 'escalation',
  sql: `select id::text, owner_name as owner, reason as next_action, due_at from escalation where clinic_id = $1 and state = 'open'`,
};
