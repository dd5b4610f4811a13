import type { Task } from '@medplum/fhirtypes';
import type { SubjectTimes } from './reminder-schedule.js';

/** What a reminder is about, as its Task tells it. */
export interface SubjectFacts extends SubjectTimes {
  /** Whether it is still to come. */
  readonly open: boolean;
  /** Whether the patient is to do it alone, away from the clinic. */
  readonly byPatient: boolean;
}

const STILL_TO_COME: readonly (Task['status'] | undefined)[] = ['draft', 'requested', 'received', 'accepted', 'ready'];

/** The facts of a Task whose restriction period says when it opens, and when it takes place or closes; undefined when it has no end. */
export function subjectFacts(task: Task): SubjectFacts | undefined {
  const { start, end } = task.restriction?.period ?? {};
  const at = end === undefined ? undefined : new Date(end);
  if (!at || Number.isNaN(at.getTime())) return undefined;
  return {
    at,
    opensAt: start === undefined ? at : new Date(start),
    open: STILL_TO_COME.includes(task.status),
    byPatient: task.owner?.reference?.startsWith('Patient/') ?? false,
  };
}

/** The facts of news about a referral, which concern the span of time given. Whether it has been overtaken, the events of the referral tell: its Task may be replaced by the requester's own. */
export const newsFacts = (task: Task, span: SubjectTimes): SubjectFacts => ({ ...span, open: task.status !== 'entered-in-error', byPatient: true });
