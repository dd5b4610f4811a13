import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { INSTRUMENT_IDS } from './instrument.js';

/** A logical id of FHIR R4. */
export const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');

export const requestBody = withExample(
  z.strictObject({
    patientId: fhirId,
    instrument: z.enum(INSTRUMENT_IDS, `must be one of: ${INSTRUMENT_IDS.join(', ')}`),
    occasion: z.enum(['baseline', 'follow-up']),
    reason: z.string().trim().min(1).max(200),
    dueAt: z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-12-01T09:00:00Z' }).transform((text) => new Date(text)),
    answeredBy: z.enum(['patient', 'staff']).default('patient'),
  }),
  { patientId: 'the-patient-id', instrument: 'peg', occasion: 'baseline', reason: 'First visit', dueAt: '2030-01-01T09:00:00Z' },
);
export type RequestBody = z.infer<typeof requestBody>;

/** Answers by linkId. What each question takes is checked against the instrument. */
export const answersBody = withExample(z.strictObject({ answers: z.record(z.string().max(64), z.union([z.number(), z.string().max(64), z.null()])) }), { answers: { peg1: 7, peg2: 6, peg3: 8 } });
export type AnswersBody = z.infer<typeof answersBody>;

export const acknowledgementBody = withExample(z.strictObject({ note: z.string().trim().min(1, 'must say what is being done').max(2000) }), {
  note: 'Called the patient; safe at home with a friend; seen tomorrow at nine.',
});
export type AcknowledgementBody = z.infer<typeof acknowledgementBody>;

export const callBackBody = withExample(z.strictObject({ phone: z.string().trim().min(1).max(40) }), { phone: '+12125550123' });
export type CallBackBody = z.infer<typeof callBackBody>;

const paging = {
  /** The `next` of the page before. */
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

export const assessmentsQuery = z.strictObject({ patient: fhirId.optional(), state: z.enum(['open', 'requested', 'reminded', 'completed', 'expired']).optional(), ...paging });
export type AssessmentsQuery = z.infer<typeof assessmentsQuery>;

export const alertsQuery = z.strictObject({ patient: fhirId.optional(), state: z.enum(['open', 'raised', 'escalated', 'acknowledged']).default('open'), ...paging });
export type AlertsQuery = z.infer<typeof alertsQuery>;
