import type { OpenWork } from '@cairn/platform';
import type { Task } from '@medplum/fhirtypes';
import type { BrokenGlass } from './break-glass.js';
import rules from './break-glass-rules.json' with { type: 'json' };

const CODES = 'urn:cairn:code';
const REVIEWERS = rules.reviewers.map(({ display }) => display).join(' and ');

/** When a broken glass must have been reviewed. */
export const reviewDueAt = ({ beginsAt }: Pick<BrokenGlass, 'beginsAt'>): Date => new Date(beginsAt.getTime() + rules.reviewHours * 3_600_000);

/**
 * The notice that somebody broke the glass, as a Task for those who review it, with the id of the record. It doesn't say for which patient or
 * why: whoever may know that reads the record itself.
 */
export const brokenGlassTask = (glass: BrokenGlass): Task & { id: string } => ({
  resourceType: 'Task',
  id: glass.id,
  identifier: [{ system: 'urn:cairn:break-glass', value: glass.id }],
  status: glass.reviewedAt ? 'completed' : 'requested',
  intent: 'order',
  priority: 'urgent',
  code: { coding: [{ system: CODES, code: 'break-glass-review', display: 'Review an emergency access' }] },
  description: `${glass.personName} opened labelled records of one patient in an emergency. Review it at /api/v1/break-glass.`,
  authoredOn: glass.beginsAt.toISOString(),
  lastModified: (glass.reviewedAt ?? glass.beginsAt).toISOString(),
  performerType: rules.reviewers.map(({ code, display }) => ({ coding: [{ system: CODES, code, display }] })),
  owner: { display: REVIEWERS },
  restriction: { period: { end: reviewDueAt(glass).toISOString() } },
});

/** Broken glasses that nobody has reviewed. Once its time, which is real like the glass's own, is past, nobody can be said to look after one. */
export const openGlasses: OpenWork = {
  kind: 'break-glass use',
  sql: `select id::text, case when begins_at + interval '${rules.reviewHours} hours' > now() then '${REVIEWERS}' end as owner, 'review the emergency access' as next_action,
    begins_at + interval '${rules.reviewHours} hours' as due_at from fhir_break_glass where clinic_id = $1 and reviewed_at is null`,
};
