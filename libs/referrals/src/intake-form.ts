import { z } from 'zod';
import { ASKED_FLAGS } from './intake-page.js';
import type { LinkReferral } from './referral.acts.js';

const text = (most: number) => z.string().trim().min(1).max(most);
const optional = (most: number) => z.string().trim().max(most).default('');

const fields = z.object({
  givenName: text(200),
  familyName: text(200),
  birthDate: z.iso.date(),
  phone: text(40).refine((value) => (value.match(/\d/g) ?? []).length >= 5),
  email: z.union([z.literal(''), z.email().max(200)]).default(''),
  language: z.enum(['en', 'es', 'fr']).default('en'),
  interpreter: z.literal('yes').optional(),
  reason: text(2000),
  onset: text(2000),
  medicines: optional(2000),
  goals: optional(2000),
  agreed: z.literal('yes').optional(),
});
const answers = z.object(Object.fromEntries(ASKED_FLAGS.map((flag) => [`flag.${flag}`, z.enum(['yes', 'no', 'unsure'])])));

/** What the form says, or the names of the fields at fault. `today` is the day at the clinic: nobody is born later. */
export function readIntakeForm(body: unknown, kind: 'self' | 'community-worker', today: string): { readonly said: LinkReferral } | { readonly faults: ReadonlySet<string> } {
  const [form, flags] = [fields.safeParse(body ?? {}), answers.safeParse(body ?? {})];
  const faults = new Set([...(form.error?.issues ?? []), ...(flags.error?.issues ?? [])].map(({ path }) => String(path[0])));
  if (form.data && (form.data.birthDate > today || form.data.birthDate < '1900')) faults.add('birthDate');
  if (form.data && kind === 'community-worker' && form.data.agreed !== 'yes') faults.add('agreed');
  if (faults.size > 0 || !form.data || !flags.data) return { faults };
  const { givenName, familyName, birthDate, phone, email, language, interpreter, reason, onset, medicines, goals } = form.data;
  const information = Object.fromEntries(Object.entries({ reason, onset, medicines, goals, wish: 'Asked for it by the clinic’s link' }).filter(([, told]) => told !== ''));
  return {
    said: {
      patient: { familyName, givenNames: [givenName], birthDate, gender: 'unknown', phone, ...(email ? { email } : {}), language, interpreterNeeded: interpreter === 'yes' },
      reason,
      information,
      // What somebody does not know stays unknown: it never reads as clear.
      redFlags: ASKED_FLAGS.flatMap((flag) => (flags.data[`flag.${flag}`] === 'unsure' ? [] : [{ flag, present: flags.data[`flag.${flag}`] === 'yes' }])),
    },
  };
}
