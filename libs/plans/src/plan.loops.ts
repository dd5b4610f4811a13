import type { OpenWork } from '@cairn/platform';

/** Care plans that have not ended. */
export const openPlans: OpenWork = {
  kind: 'care plan',
  sql: `select id::text, owner_name as owner, next_action, next_at as due_at from care_plan where clinic_id = $1 and ended_at is null`,
};
