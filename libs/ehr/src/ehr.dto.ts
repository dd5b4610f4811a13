import { withExample } from '@cairn/platform';
import { z } from 'zod';
import { DELIVERY_STATES } from './delivery/delivery.workflow.js';

const MOST = 200;

export const deliveryQuery = z.strictObject({
  state: z.enum(DELIVERY_STATES).optional(),
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(MOST).default(50),
});
export type DeliveryQuery = z.infer<typeof deliveryQuery>;

export const untoldQuery = z.strictObject({
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id'),
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(MOST).default(50),
});
export type UntoldQuery = z.infer<typeof untoldQuery>;

/** Why a person decided so; it stands in the delivery's history, so it must not name the patient. */
const reason = z.string().trim().min(3).max(200).describe('Why; must not name the patient');

export const reasonBody = withExample(z.strictObject({ reason }), { reason: 'Scope added at the EHR' });
export type ReasonBody = z.infer<typeof reasonBody>;

export const replayAllBody = withExample(z.strictObject({ reason, problem: z.string().max(60).optional() }), { reason: 'Scope added at the EHR', problem: 'forbidden-there' });
export type ReplayAllBody = z.infer<typeof replayAllBody>;

/** Writing is tested only when asked, since the EHR may be in use. */
export const checkBody = withExample(z.strictObject({ write: z.boolean().default(false).describe('Also create, change and remove one test resource about nobody at the EHR') }), { write: true });
export type CheckBody = z.infer<typeof checkBody>;
