import { withExample } from '@cairn/platform';
import { z } from 'zod';

/** A community worker's link names its holder; a patient's own names nobody. */
export const intakeLinkBody = withExample(
  z
    .strictObject({
      kind: z.enum(['self', 'community-worker']),
      holder: z.string().trim().min(1).max(200).optional(),
      /** For how long it works. */
      days: z.int().min(1).max(366).default(14),
    })
    .refine(({ kind, holder }) => (kind === 'community-worker') === (holder !== undefined), { path: ['holder'], error: 'must name the community worker, and nobody on a patient’s own link' }),
  { kind: 'community-worker', holder: 'Harbour Street outreach', days: 90 },
);
