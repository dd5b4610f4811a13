import { z } from 'zod';
import { ATTENDANCE_STATES } from './attendance.entity.js';
import { ENROLMENT_STATES } from './enrolment.workflow.js';
import type { AttendanceNote, EnrolmentListing, NewCohort, NewProgramme, ProgrammeListing, Referring, Screening } from './programme.acts.js';
import { COSTS } from './programme.entity.js';
import { FORMATS } from './waitlist.js';

const words = (most: number): z.ZodString => z.string().trim().min(1).max(most);
const language = z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as es or en-US');
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const instant = z.iso.datetime({ offset: true }).refine((text) => text >= '1900' && text < '2200', 'must lie between the years 1900 and 2199');
const [, ...noted] = ATTENDANCE_STATES;
const limit = z.coerce.number().int().min(1).max(100).default(50);

export const programmeBody = z.strictObject({
  title: words(200),
  description: words(4000).nullable().default(null),
  notSuitableFor: words(1000).nullable().default(null),
  serviceType: z.string().regex(/^\d{1,4}$/, 'must be a code of the HL7 service-type system, such as 224').nullable().default(null),
  cost: z.enum(COSTS).default('free'),
  sessionsNeeded: z.int().min(1).max(100),
  owner: z.strictObject({ practitionerId: fhirId.nullable().default(null), name: words(200) }).optional(),
}) satisfies z.ZodType<NewProgramme>;

export const cohortBody = z.strictObject({
  language,
  format: z.enum(FORMATS),
  capacity: z.int().min(1).max(500),
  sessions: z
    .array(z.strictObject({ startsAt: instant, minutes: z.int().min(5).max(600), topic: words(200).nullable().default(null) }))
    .min(1)
    .max(100),
}) satisfies z.ZodType<NewCohort>;

export const referringBody = z.strictObject({
  planId: z.uuid(),
  activityId: z.uuid(),
  languages: z.array(language).min(1).max(10).optional(),
  formats: z.array(z.enum(FORMATS)).min(1).max(FORMATS.length).default([...FORMATS]),
}) satisfies z.ZodType<Referring>;

export const screeningBody = z.strictObject({ suitable: z.boolean(), note: words(1000) }) satisfies z.ZodType<Screening>;
export const offerBody = z.strictObject({ cohortId: z.uuid() });
export const reasonBody = z.strictObject({ reason: words(500) });
export const attendanceBody = z.strictObject({ sessionId: z.uuid(), state: z.enum(noted), note: words(500).nullable().default(null) }) satisfies z.ZodType<AttendanceNote>;
export const programmeListQuery = z.strictObject({ after: z.uuid().optional(), limit }) satisfies z.ZodType<ProgrammeListing>;
export const enrolmentListQuery = z.strictObject({ state: z.enum(ENROLMENT_STATES).optional(), after: z.uuid().optional(), limit }) satisfies z.ZodType<EnrolmentListing>;
