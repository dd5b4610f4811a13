import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { closeUnseenReason, holdReason } from './referral.settings.js';

const words = z.string().trim().min(1, 'must not be empty').max(4000);
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const reference = z.string().regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/, 'must be a relative reference such as DocumentReference/1');

export const bookingBody = withExample(
  z.strictObject({
    start: z.iso.datetime({ offset: true, error: 'must be an instant with its offset, such as 2026-12-01T09:00:00+01:00' }).transform((text) => new Date(text)),
    minutes: z.int().min(5).max(24 * 60),
    practitionerId: fhirId.optional(),
    description: z.string().trim().max(200).optional(),
  }),
  { start: '2030-01-15T09:00:00Z', minutes: 60, description: 'First assessment' },
);

export const cancelledVisitBody = withExample(z.strictObject({ reason: words }), { reason: 'The patient asked for another day.' });

export const holdBody = withExample(z.strictObject({ reason: holdReason, comment: words.optional() }), { reason: 'patient-ill', comment: 'Back in four weeks.' });

export const closureBody = withExample(z.strictObject({ summary: words, references: z.array(reference).max(50).default([]) }), {
  summary: 'Walks 30 minutes daily; pain interference clearly less; home programme continues.',
  references: [],
});

export const unseenClosureBody = withExample(z.strictObject({ reason: closeUnseenReason, comment: words }), {
  reason: 'unreachable',
  comment: 'Three calls, a letter and a message without answer.',
});
