import { clinicContact } from '@cairn/people';
import type { Clinic } from '@cairn/platform';
import { z } from 'zod';
import crisis from './crisis-help.json' with { type: 'json' };
import { safetyRotaSchema, type SafetyRota } from './safety-rota.js';

const helpSchema = z.strictObject({
  name: z.string().min(1).max(200),
  /** Number to call, as people dial it. */
  call: z.string().max(40).optional(),
  /** Number to send a text message to. */
  text: z.string().max(40).optional(),
  /** The general emergency number. */
  emergency: z.string().max(40).optional(),
});

/** What a clinic may set about outcomes. Stands in its settings under the key `outcomes`. */
export const outcomesSettingsSchema = z.strictObject({
  /** Who is asked to acknowledge a safety finding, from questionnaires and referrals alike. */
  safetyRota: safetyRotaSchema.optional(),
  /** What a person in danger is told, instead of the country's usual line. */
  crisisHelp: helpSchema.optional(),
});

/** Where a person in danger finds help, and whether Cairn's data on it were confirmed. */
export type CrisisHelp = z.infer<typeof helpSchema> & { readonly verified: boolean };

const settingsOf = (clinic: Clinic): z.infer<typeof outcomesSettingsSchema> | undefined => {
  const parsed = outcomesSettingsSchema.safeParse(clinic.settings['outcomes'] ?? {});
  return parsed.success ? parsed.data : undefined;
};

/** The clinic's rota for safety alerts, or undefined when none is set up properly: then nothing that can raise one may be asked at a distance. */
export const safetyRota = (clinic: Clinic): SafetyRota | undefined => settingsOf(clinic)?.safetyRota;

const countries: Readonly<Record<string, CrisisHelp>> = crisis.countries;

/** What a person in danger is told: the clinic's own words, else its country's line, else undefined (the page then names the local emergency number in general). */
export function crisisHelp(clinic: Clinic): CrisisHelp | undefined {
  const own = settingsOf(clinic)?.crisisHelp;
  if (own) return { ...own, verified: true };
  const line = countries[clinicContact(clinic)?.country ?? ''];
  return line && { name: line.name, call: line.call, text: line.text, emergency: line.emergency, verified: line.verified };
}
