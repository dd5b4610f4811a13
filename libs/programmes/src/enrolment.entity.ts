import { defineEntity, p } from '@mikro-orm/postgresql';
import type { EnrolmentState } from './enrolment.workflow.js';
import type { Format } from './waitlist.js';

const EnrolmentSchema = defineEntity({
  name: 'Enrolment',
  tableName: 'enrolment',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    programmeId: p.uuid(),
    /** The run in which a place is offered or taken. */
    cohortId: p.uuid().strictNullable(),
    planId: p.uuid(),
    activityId: p.uuid(),
    patientId: p.string(),
    state: p.string().$type<EnrolmentState>(),
    languages: p.array(),
    formats: p.array<Format>(),
    /** Runs in which a place was offered and not taken. */
    passedCohortIds: p.array(),
    /** Since when the person has been on the list; kept when an offer is not taken. */
    listedAt: p.datetime().strictNullable(),
    offeredUntil: p.datetime().strictNullable(),
    screeningNote: p.string().strictNullable(),
    endReason: p.string().strictNullable(),
    ownerPractitionerId: p.string().strictNullable(),
    ownerName: p.string(),
    /** What has to happen next; null only when the enrolment is over. */
    nextAction: p.string().strictNullable(),
    nextAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
    /** How many steps its log holds: every step makes a new version. */
    steps: p.integer(),
    version: p.integer().version(),
  },
});

/** One person's way through a programme. */
export class Enrolment extends EnrolmentSchema.class {}
EnrolmentSchema.setClass(Enrolment);
