import type { OpenWork } from '@cairn/platform';

/** Recommendations of the team that are neither done nor given up. */
export const openRecommendations: OpenWork = {
  kind: 'recommendation',
  sql: `select id::text, owner_name as owner, code as next_action, due_at from recommendation where clinic_id = $1 and settled_at is null`,
};
