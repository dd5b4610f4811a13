import { DISCIPLINES } from '@cairn/people';
import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { CONFERENCE_STATES } from './conference.workflow.js';
import { AGENDA_SOURCES, RECOMMENDATION_CODES } from './conference-words.js';

const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-12-01T09:00:00Z' }).transform((text) => new Date(text));
const words = (most: number) => z.string().trim().min(1, 'must not be empty').max(most);
const count = z.int().min(0).max(100);

export const conferenceBody = withExample(
  z
    .strictObject({ title: words(200), startsAt: instant, endsAt: instant, invited: z.array(fhirId).min(1, 'must name at least one practitioner').max(50) })
    .refine(({ startsAt, endsAt }) => startsAt < endsAt, { path: ['endsAt'], message: 'must lie after startsAt' }),
  { title: 'Tuesday conference', startsAt: '2030-01-08T13:00:00Z', endsAt: '2030-01-08T14:00:00Z', invited: ['the-practitioner-id'] },
);
export type ConferenceBody = z.infer<typeof conferenceBody>;

export const itemBody = withExample(
  z.strictObject({
    patientId: fhirId,
    referralId: z.uuid().optional(),
    question: words(2000),
    presenterId: fhirId.optional(),
    minutes: z.int().min(1).max(240).optional(),
    source: z.enum(AGENDA_SOURCES),
    urgentReason: words(500).optional(),
  }),
  { patientId: 'the-patient-id', question: 'Which programme fits?', presenterId: 'the-practitioner-id', minutes: 15, source: 'referral' },
);
export type ItemBody = z.infer<typeof itemBody>;

export const attendanceBody = withExample(
  z.strictObject({
    attendees: z
      .array(z.strictObject({ practitionerId: fhirId, discipline: z.enum(DISCIPLINES).optional(), present: z.boolean().default(true) }))
      .max(100),
  }),
  { attendees: [{ practitionerId: 'the-practitioner-id', present: true }] },
);
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

export const decisionBody = withExample(z.discriminatedUnion('outcome', [decidedBody, z.strictObject({ outcome: z.literal('not-discussed') })]), {
  outcome: 'decided',
  rationale: 'Fear of movement keeps the patient from work; no sign of a new cause.',
  votes: { for: 3, against: 0, abstained: 0 },
  dissent: [],
  recommendations: [{ code: 'physiotherapy', detail: 'Graded exposure, twice a week', ownerId: 'the-practitioner-id', dueDate: '2030-02-01' }],
});
export type DecisionBody = z.infer<typeof decisionBody>;

export const addendumBody = withExample(z.strictObject({ itemId: z.uuid(), text: words(10_000) }), {
  itemId: '00000000-0000-7000-8000-000000000001',
  text: 'The due date meant was the first of March.',
});
export type AddendumBody = z.infer<typeof addendumBody>;

export const reasonBody = z.strictObject({ reason: words(500) });
export type ReasonBody = z.infer<typeof reasonBody>;

export const completionBody = withExample(z.strictObject({ note: words(2000).optional() }).default({}), { note: 'First session held.' });
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
