import { DISCIPLINES } from '@cairn/people';
import { z } from 'zod';
import { CONFERENCE_STATES } from './conference.workflow.js';
import { AGENDA_SOURCES, RECOMMENDATION_CODES } from './conference-words.js';

const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-12-01T09:00:00Z' }).transform((text) => new Date(text));
const words = (most: number) => z.string().trim().min(1, 'must not be empty').max(most);
const count = z.int().min(0).max(100);

export const conferenceBody = z
  .strictObject({ title: words(200), startsAt: instant, endsAt: instant, invited: z.array(fhirId).min(1, 'must name at least one practitioner').max(50) })
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, { path: ['endsAt'], message: 'must lie after startsAt' });
export type ConferenceBody = z.infer<typeof conferenceBody>;

export const itemBody = z.strictObject({
  patientId: fhirId,
  referralId: z.uuid().optional(),
  question: words(2000),
  presenterId: fhirId.optional(),
  minutes: z.int().min(1).max(240).optional(),
  source: z.enum(AGENDA_SOURCES),
  urgentReason: words(500).optional(),
});
export type ItemBody = z.infer<typeof itemBody>;

export const attendanceBody = z.strictObject({
  attendees: z
    .array(z.strictObject({ practitionerId: fhirId, discipline: z.enum(DISCIPLINES).optional(), present: z.boolean().default(true) }))
    .max(100),
});
export type AttendanceBody = z.infer<typeof attendanceBody>;

const decidedBody = z.strictObject({
  outcome: z.literal('decided'),
  rationale: words(5000),
  votes: z.strictObject({ for: count, against: count, abstained: count }),
  dissent: z.array(z.strictObject({ name: words(120), reason: words(1000) })).max(50).default([]),
  recommendations: z
    .array(z.strictObject({ code: z.enum(RECOMMENDATION_CODES), detail: words(2000), ownerId: fhirId, dueDate: z.iso.date('must be a day such as 2026-12-01') }))
    .min(1, 'must hold at least one recommendation, if only to discuss again')
    .max(20),
});

export const decisionBody = z.discriminatedUnion('outcome', [decidedBody, z.strictObject({ outcome: z.literal('not-discussed') })]);
export type DecisionBody = z.infer<typeof decisionBody>;

export const addendumBody = z.strictObject({ itemId: z.uuid(), text: words(10_000) });
export type AddendumBody = z.infer<typeof addendumBody>;

export const reasonBody = z.strictObject({ reason: words(500) });
export type ReasonBody = z.infer<typeof reasonBody>;

export const completionBody = z.strictObject({ note: words(2000).optional() }).default({});
export type CompletionBody = z.infer<typeof completionBody>;

const paging = {
  /** The `next` of the page before. */
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

export const conferencesQuery = z.strictObject({ state: z.enum(CONFERENCE_STATES).optional(), ...paging });
export type ConferencesQuery = z.infer<typeof conferencesQuery>;

export const recommendationsQuery = z.strictObject({
  patient: fhirId.optional(),
  conference: z.uuid().optional(),
  state: z.enum(['open', 'proposed', 'accepted', 'done', 'not-done']).optional(),
  ...paging,
});
export type RecommendationsQuery = z.infer<typeof recommendationsQuery>;
