import { z } from 'zod';
import { closeUnseenReason, holdReason } from './referral.settings.js';

const words = z.string().trim().min(1, 'must not be empty').max(4000);
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const reference = z.string().regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/, 'must be a relative reference such as DocumentReference/1');

export const bookingBody = z.strictObject({
  start: z.iso.datetime({ offset: true, error: 'must be an instant with its offset, such as 2026-12-01T09:00:00+01:00' }).transform((text) => new Date(text)),
  minutes: z.int().min(5).max(24 * 60),
  practitionerId: fhirId.optional(),
  description: z.string().trim().max(200).optional(),
});

export const cancelledVisitBody = z.strictObject({ reason: words });

export const holdBody = z.strictObject({ reason: holdReason, comment: words.optional() });

export const closureBody = z.strictObject({ summary: words, references: z.array(reference).max(50).default([]) });

export const unseenClosureBody = z.strictObject({ reason: closeUnseenReason, comment: words });
