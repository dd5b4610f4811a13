import { withExample } from '@cairn/platform';
import { z } from 'zod';

export const REFUSED_WRITE_STATES = ['kept', 'replayed', 'dismissed'] as const;

export const refusedWriteQuery = z.strictObject({
  state: z.enum(REFUSED_WRITE_STATES).optional(),
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type RefusedWriteQuery = z.infer<typeof refusedWriteQuery>;

const reasonBody = z.strictObject({ reason: z.string().trim().min(1, 'must say why').max(500) });
export type ReasonBody = z.infer<typeof reasonBody>;

export const replayBody = withExample(reasonBody, { reason: 'The patient record that it refers to has arrived' });
export const dismissalBody = withExample(reasonBody, { reason: 'Registered by hand after a call to the practice' });
