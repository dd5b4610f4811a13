import { z } from 'zod';
import { URGENCIES } from './referral.settings.js';
import { VIEWS } from './worklist.js';

export const worklistQuery = z.strictObject({
  view: z.enum(VIEWS).default('open'),
  urgency: z.enum(URGENCIES).optional(),
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id').optional(),
  after: z.string().max(400).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
