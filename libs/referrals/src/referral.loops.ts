import type { OpenWork } from '@cairn/platform';
import rules from './referral-rules.json' with { type: 'json' };

/** Referrals that are not over. Where no person has one, the team that does is its owner. */
export const openReferrals: OpenWork = {
  kind: 'referral',
  sql: `select r.id::text, coalesce(r.owner_name, t.name) as owner, r.next_action, r.next_action_at as due_at
    from referral r left join referral_team t on t.clinic_id = r.clinic_id and t.id = r.team_id where r.clinic_id = $1 and r.settled_at is null`,
};

/**
 * Tasks of referrals, open or over, that the requester's EHR did not take. Past its time nobody has it in hands, so that it is named. What is withheld as sensitive is
 * not told on purpose.
 */
export const untakenTasks: OpenWork = {
  kind: 'untaken Task',
  sql: `select u.task_id as id, case when u.due_at > $2 then coalesce(u.owner_name, t.name) end as owner, 'tell the referrer otherwise, or have the Task sent again' as next_action, u.due_at
    from (select *, (not_taken ->> 'since')::timestamptz + interval '${rules.untoldHours.value} hours' as due_at from referral where clinic_id = $1 and not_taken ->> 'problem' is distinct from 'withheld' and not_taken is not null) u
    left join referral_team t on t.clinic_id = u.clinic_id and t.id = u.team_id`,
};

/** Authorisations that are not closed. */
export const openAuthorisations: OpenWork = {
  kind: 'authorisation',
  sql: `select id::text, owner_name as owner, next_action, next_action_at as due_at from referral_authorisation where clinic_id = $1 and state <> 'closed'`,
};
