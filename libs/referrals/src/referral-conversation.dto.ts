import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { PATHWAYS, URGENCIES } from './referral.settings.js';

const words = z.string().trim().min(1, 'must not be empty').max(4000);

export const messageBody = withExample(z.strictObject({ text: words }), { text: 'Please reduce the dose by a tenth every two weeks, and write again if pain returns.' });

/** `agreedBy` may be left out where the referrer agreed by a message. */
export const conversionBody = withExample(
  z.strictObject({
    urgency: z.enum(URGENCIES),
    pathway: z.enum(PATHWAYS.filter((pathway) => pathway !== 'advice-only')),
    comment: words,
    agreedBy: z.strictObject({ name: z.string().trim().min(1).max(200), how: z.enum(['phone', 'letter', 'in-person']) }).optional(),
  }),
  { urgency: 'routine', pathway: 'assessment', comment: 'Advice did not help; to be seen.', agreedBy: { name: 'Practice nurse', how: 'phone' } },
);

export const waitingAnswerBody = withExample(z.strictObject({ answer: z.enum(['still', 'worse', 'not-wanted']), comment: words.optional() }), { answer: 'worse', comment: 'Can no longer climb stairs.' });
