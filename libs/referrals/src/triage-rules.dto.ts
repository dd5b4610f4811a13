import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { triageRuleSchema } from './triage-rules.js';

export const versionParam = z.coerce.number().int().min(1).max(1_000_000);

/** A new version of the rules. They are looked at in this order; the first that fits suggests. */
export const ruleSetBody = withExample(z.strictObject({ note: z.string().trim().min(1).max(500), rules: z.array(triageRuleSchema).min(1).max(200) }), {
  note: 'Severe depression goes to the conference',
  rules: [
    {
      id: 'severe-depression',
      label: 'PHQ-9 of 20 or more',
      all: [{ fact: 'score', code: '44261-6', atLeast: 20 }],
      none: [{ fact: 'age', below: 18 }],
      suggest: { urgency: 'urgent', pathway: 'conference' },
      because: 'Agreed by the team',
    },
  ],
});

export const trialBody = withExample(z.strictObject({ referrals: z.int().min(1).max(200).default(100) }), { referrals: 100 });
