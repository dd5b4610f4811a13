import type { z } from 'zod';
import type { agreementBody, completionBody, draftBody, holdBody, wordingBody } from './plan.dto.js';

/** Bodies that run as they stand once the ids are those of the instance at hand. Shown on the OpenAPI page. */
const GOAL = {
  description: 'Walk the dog every day',
  measure: 'Minutes walked without a stop',
  target: { value: 15, unit: 'min' },
  dueDate: '2030-06-01',
  milestones: [{ text: 'Five minutes without a stop', dueDate: '2030-03-01' }],
};

const OWNER = { practitionerId: null, name: 'Physiotherapist of the team' };

const ACTIVITY = {
  kind: 'treatment',
  discipline: 'physiotherapy',
  description: 'Graded walking with pacing',
  owner: OWNER,
  cadence: { times: 2, every: 1, unit: 'week' },
} as const;

export const DRAFT: z.input<typeof draftBody> = { patientId: 'the-patient-id', title: 'Pain care plan', goals: [GOAL], activities: [ACTIVITY] };

export const WORDING: z.input<typeof wordingBody> = {
  title: 'Pain care plan',
  summary: 'Low back pain for three years; afraid of walking since a fall.',
  owner: OWNER,
  goals: [GOAL],
  activities: [ACTIVITY, { kind: 'flare-up-plan', discipline: 'self-management', description: 'Halve the walking for two days, keep moving, then add a minute a day', owner: 'patient' }],
};

export const AGREEMENT: z.input<typeof agreementBody> = { by: 'patient', how: 'in-person' };

export const HOLD: z.input<typeof holdBody> = { reason: 'Abroad for family reasons', until: '2030-02-01' };

export const REVIEW: z.input<typeof completionBody> = {
  goals: [{ goalId: '00000000-0000-7000-8000-000000000001', achievement: 'improving', value: 9, note: 'Nine minutes on four days of the week' }],
  activities: [{ activityId: '00000000-0000-7000-8000-000000000002', decision: 'continue' }],
  summary: 'Walks further and sleeps better; two short flare-ups, managed at home.',
  nextStep: 'Walk ten minutes on three days of this week',
  agreement: { by: 'patient', how: 'in-person' },
};
