import type { Entities } from '@cairn/platform';
import { Attendance } from './attendance.entity.js';
import { Cohort, CohortSession } from './cohort.entity.js';
import { EnrolmentTransition } from './enrolment-transition.entity.js';
import { Enrolment } from './enrolment.entity.js';
import { Programme } from './programme.entity.js';

export * from './programmes.events.js';
export { programmesMigrations } from './programmes.migration.js';
export { ProgrammesModule } from './programmes.module.js';

/** Entities of this lib. */
export const programmesEntities: Entities = [Programme, Cohort, CohortSession, Enrolment, Attendance, EnrolmentTransition];
