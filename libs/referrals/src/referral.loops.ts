import type { OpenWork } from '@cairn/platform';

/** Referrals that are not over. Where no person has one, the team that does is its owner. */
export const openReferrals: OpenWork = {
  kind: 'referral',
  sql: `select r.id::text, coalesce(r.owner_name, t.name) as owner, r.next_action, r.next_action_at as due_at
    from referral r left join referral_team t on t.clinic_id = r.clinic_id and t.id = r.team_id where r.clinic_id = $1 and r.settled_at is null`,
};

/** Authorisations that are not closed. */
export const openAuthorisations: OpenWork = {
  kind: 'authorisation',
  sql: `select id::text, owner_name as owner, next_action, next_action_at as due_at from referral_authorisation where clinic_id = $1 and state <> 'closed'`,
};
