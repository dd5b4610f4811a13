import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { LETTER_STATES } from './letter.workflow.js';

export const letterQuery = z.strictObject({
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id').optional(),
  state: z.enum(LETTER_STATES).optional(),
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type LetterQuery = z.infer<typeof letterQuery>;

export const deliveryBody = withExample(z.strictObject({ note: z.string().trim().min(1, 'must say how the referrer was told').max(2000) }), { note: 'Told the practice nurse by phone; she passes it on today.' });
export type DeliveryBody = z.infer<typeof deliveryBody>;
