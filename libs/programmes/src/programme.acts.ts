import type { AttendanceState } from './attendance.entity.js';
import type { EnrolmentState } from './enrolment.workflow.js';
import type { COSTS } from './programme.entity.js';
import type { Format } from './waitlist.js';

// What people ask of programmes, as the services understand it.

export interface NewProgramme {
  readonly title: string;
  readonly description: string | null;
  readonly notSuitableFor: string | null;
  readonly serviceType: string | null;
  readonly cost: (typeof COSTS)[number];
  readonly sessionsNeeded: number;
  readonly owner?: { readonly practitionerId: string | null; readonly name: string } | undefined;
}

/** A run. `startsAt` of each session is an ISO instant. */
export interface NewCohort {
  readonly language: string;
  readonly format: Format;
  readonly capacity: number;
  readonly sessions: readonly { readonly startsAt: string; readonly minutes: number; readonly topic: string | null }[];
}

/** An activity of a care plan that a programme shall carry out. Without languages, those that the patient speaks. */
export interface Referring {
  readonly planId: string;
  readonly activityId: string;
  readonly languages?: readonly string[] | undefined;
  readonly formats: readonly Format[];
}

export interface Screening {
  readonly suitable: boolean;
  readonly note: string;
}

export interface AttendanceNote {
  readonly sessionId: string;
  readonly state: Exclude<AttendanceState, 'expected'>;
  readonly note: string | null;
}

export interface EnrolmentListing {
  readonly state?: EnrolmentState | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface ProgrammeListing {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** One page of a list. `next` names where the following page begins; absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}
