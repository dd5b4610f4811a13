import type { OpenWork } from '@cairn/platform';

/** Safety alerts that nobody has acknowledged. */
export const openSafetyAlerts: OpenWork = {
  kind: 'safety alert',
  sql: `select id::text, owner_name as owner, 'acknowledge'::text as next_action, due_at from safety_alert where clinic_id = $1 and acknowledged_at is null`,
};
