import type { Clinic } from '@cairn/platform';
import { z } from 'zod';
import { COUNTRIES, parsePhone } from './phone.js';
import rules from './contact-rules.json' with { type: 'json' };

/** The most characters that a clinic's name in messages may have. */
export const LONGEST_NEUTRAL_NAME = rules.neutralName.longest;

/** Whether a text tells what the clinic treats: whether it holds a word of the list, whatever its accents and case. */
export const tells = (name: string): boolean => {
  const plain = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return rules.tellingWords.words.some((word) => plain.includes(word));
};

const e164 = z.string().refine((text) => parsePhone(text)?.number === text, 'must be a telephone number in the form +15551230100');

/** How a clinic shows itself in messages to patients. Stands in the clinic's settings under the key `contact`. */
export const clinicContactSchema = z.strictObject({
  /** The name in messages. Must not tell what the clinic treats. */
  neutralName: z
    .string()
    .trim()
    .min(2)
    .max(LONGEST_NEUTRAL_NAME)
    .refine((name) => !tells(name), "must not tell what the clinic treats: leave out words such as 'pain'"),
  /** The number that a patient may call, E.164. */
  phone: e164,
  /** The number that texts come from and are answered to, E.164; one clinic only. */
  smsNumber: e164,
  /** ISO 3166 country whose numbering plan is meant where a number has no prefix. */
  country: z.enum(COUNTRIES),
});

export type ClinicContact = z.infer<typeof clinicContactSchema>;

/** How the clinic shows itself to patients, or undefined when its settings don't say so properly. */
export function clinicContact(clinic: Clinic): ClinicContact | undefined {
  const parsed = clinicContactSchema.safeParse(clinic.settings['contact']);
  return parsed.success ? parsed.data : undefined;
}
