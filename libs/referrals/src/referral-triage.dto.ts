import { z } from 'zod';
import { PATHWAYS, URGENCIES, declineReason } from './referral.settings.js';

/** Words that people must give. */
const words = z.string().trim().min(1, 'must not be empty').max(4000);

export const flagId = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the id of a red flag');

export const remarkBody = z.strictObject({ comment: words });

export const questionBody = z.strictObject({ question: words });

export const acceptanceBody = z.strictObject({ urgency: z.enum(URGENCIES), pathway: z.enum(PATHWAYS), comment: words });

export const declineBody = z.strictObject({ reason: declineReason, advice: words, comment: words.optional() });

export const redirectionBody = z.strictObject({ to: z.string().trim().min(1).max(200), comment: words });

export const acknowledgementBody = z.strictObject({ actionTaken: words });
