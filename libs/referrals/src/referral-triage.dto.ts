import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { PATHWAYS, URGENCIES, declineReason } from './referral.settings.js';

/** Words that people must give. */
const words = z.string().trim().min(1, 'must not be empty').max(4000);

export const flagId = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the id of a red flag');

export const remarkBody = withExample(z.strictObject({ comment: words }), { comment: 'Spoke with the practice by phone.' });

/** Without a question, what is missing is asked for; with one, both. */
export const questionBody = withExample(z.strictObject({ question: words.optional() }), { question: 'Please send the report of the last MRI and the present medicines.' });

export const acceptanceBody = withExample(z.strictObject({ urgency: z.enum(URGENCIES), pathway: z.enum(PATHWAYS), comment: words }), {
  urgency: 'urgent',
  pathway: 'conference',
  comment: 'Fits our programme; worsening function.',
});

export const declineBody = withExample(z.strictObject({ reason: declineReason, advice: words, comment: words.optional() }), {
  reason: 'not-fully-investigated',
  advice: 'Please complete the neurosurgical assessment first, then refer again.',
});

export const redirectionBody = withExample(z.strictObject({ to: z.string().trim().min(1).max(200), comment: words }), {
  to: 'Regional spine centre',
  comment: 'Surgical question first.',
});

export const acknowledgementBody = withExample(z.strictObject({ actionTaken: words }), {
  actionTaken: 'Phoned the referrer; patient is on the way to the emergency department.',
});
