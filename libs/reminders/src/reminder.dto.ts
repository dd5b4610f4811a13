import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { ESCALATION_OUTCOMES, ESCALATION_STATES } from './escalation.workflow.js';
import { ANSWERS, REMINDER_STATES } from './reminder.workflow.js';

const MOST = 200;
const page = { after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(MOST).default(50) };
const patient = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id');

export const reminderQuery = z.strictObject({ patient: patient.optional(), state: z.enum(REMINDER_STATES).optional(), ...page });
export type ReminderQuery = z.infer<typeof reminderQuery>;

export const cancellationBody = withExample(z.strictObject({ reason: z.string().trim().min(3).max(200) }), { reason: 'The patient was told in person' });
export type CancellationBody = z.infer<typeof cancellationBody>;

export const answerBody = withExample(z.strictObject({ answer: z.enum(ANSWERS).exclude(['free-text', 'stop']) }), { answer: 'confirmed' });
export type AnswerBody = z.infer<typeof answerBody>;

export const escalationQuery = z.strictObject({ patient: patient.optional(), state: z.enum(ESCALATION_STATES).default('open'), ...page });
export type EscalationQuery = z.infer<typeof escalationQuery>;

export const resolutionBody = withExample(z.strictObject({ outcome: z.enum(ESCALATION_OUTCOMES), note: z.string().trim().min(1).max(2000).nullable().default(null) }), {
  outcome: 'reached-by-phone',
  note: 'Prefers calls after four',
});
export type ResolutionBody = z.infer<typeof resolutionBody>;
