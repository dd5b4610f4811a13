import { DISCIPLINES } from '@cairn/people';
import type { Clinic } from '@cairn/platform';
import { z } from 'zod';
import rules from './conference-rules.json' with { type: 'json' };

const quorumSchema = z.array(z.array(z.enum(DISCIPLINES)).min(1)).min(1);

/** What a clinic may set about its conferences. Stands in its settings under the key `conferences`. */
export const conferenceSettingsSchema = z.strictObject({
  /** Groups of disciplines; a quorum has somebody of each group. */
  quorum: quorumSchema.optional(),
});

/** The clinic's quorum rule: its own, else Cairn's default. A rule that can't be read counts as none of its own. */
export function quorumRule(clinic: Clinic): z.infer<typeof quorumSchema> {
  const parsed = conferenceSettingsSchema.safeParse(clinic.settings['conferences'] ?? {});
  return (parsed.success ? parsed.data.quorum : undefined) ?? quorumSchema.parse(rules.quorum.value);
}
