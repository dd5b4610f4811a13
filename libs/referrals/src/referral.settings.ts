import { organizationId } from '@cairn/people';
import type { Clinic } from '@cairn/platform';
import { z } from 'zod';
import authorisationRules from './authorisations/authorisation-rules.json' with { type: 'json' };
import type { FlagLevel } from './red-flag-rules.js';
import rules from './referral-rules.json' with { type: 'json' };
import { wishCodingSchema } from './referral-wish.js';
import { REFERRAL_STATES, type ReferralState } from './referral.workflow.js';
import worklistRules from './worklist/worklist-rules.json' with { type: 'json' };

export const URGENCIES = ['routine', 'urgent', 'asap', 'stat'] as const;
/** FHIR's request priority. */
export type Urgency = (typeof URGENCIES)[number];

export const PATHWAYS = ['assessment', 'conference', 'programme', 'single-discipline', 'advice-only'] as const;
/** What the clinic means to do with an accepted referral. */
export type Pathway = (typeof PATHWAYS)[number];

const step = z.strictObject({ action: z.string().regex(/^[a-z-]+$/), days: z.number().min(0).max(366) });
/** The next thing to do and within how many days of the last movement. */
export type NextStep = z.infer<typeof step>;

const days = z.int().min(0).max(366);

const openStates = REFERRAL_STATES.filter((state) => state in rules.nextSteps.value);

/** What a clinic may set about its referrals. Stands in its settings under the key `referrals`; every key is optional. */
export const referralSettingsSchema = z.strictObject({
  /** A ServiceRequest whose code or category is among these is a referral to this clinic. */
  codes: z.array(z.strictObject({ system: z.url(), code: z.string().min(1), display: z.string().optional() })).default(rules.codes.value),
  /** By which codes a request says that it asks for advice, and for which discipline and programme it is. */
  coding: wishCodingSchema.prefault({}),
  /** How the clinic is known to others: a performer that bears one of its identifiers is this clinic. `phone` stands in letters to referrers. */
  organisation: z
    .strictObject({
      identifiers: z.array(z.strictObject({ system: z.url(), value: z.string().min(1) })).default([]),
      phone: z.string().trim().min(3).max(40).optional(),
    })
    .default({ identifiers: [] }),
  /** For how long a decision can be undone. Never for stat. */
  undoSeconds: z.int().min(0).max(3600).default(rules.undoSeconds.value),
  /** Days of the adjusted clock within which the patient should be seen. */
  targetDays: z.strictObject({ stat: z.int().min(0), asap: z.int().min(0), urgent: z.int().min(0), routine: z.int().min(0) }).default(rules.targetDays.value),
  /** When information was asked for and does not come: days until the referrer is reminded, days until it ends, and what happens then. */
  incomplete: z
    .strictObject({ remindAfterDays: z.int().min(1).max(365), afterDays: z.int().min(1).max(365), then: z.enum(['clinician-decides', 'return']) })
    .refine(({ remindAfterDays, afterDays }) => remindAfterDays < afterDays, { path: ['afterDays'], error: 'must be later than the reminder' })
    .default({ ...rules.incomplete.value, then: 'clinician-decides' }),
  /** Days after which a waiting patient is asked anew whether they still want to come, and whether it is worse. */
  stillWantedDays: z.int().min(1).max(366).default(rules.stillWantedDays.value),
  /** Days within which a waiting patient answers that question; then a person calls. */
  hearFromPatientDays: z.int().min(1).max(366).default(rules.hearFromPatientDays.value),
  /** Days within which a message of the referrer is answered. */
  answerReferrerDays: z.number().min(0).max(60).default(rules.answerReferrerDays.value),
  /** How many referrals a community worker's link takes within an hour. */
  intakeLinks: z.strictObject({ perHour: z.int().min(1).max(1000) }).default(rules.intakeLinks.value),
  /** Until when, on the clinic's own clock, a weak red flag that came in during the day is looked at. */
  reviewBy: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 17:00').default(rules.reviewBy.value),
  nextSteps: z.partialRecord(z.enum(openStates), step).default({}),
  /** After how many days without movement a referral counts as stale, by state. */
  staleDays: z.partialRecord(z.enum(openStates), days).default({}),
  /** Days and visits by which authorisations of insurers are asked for, chased and renewed. */
  authorisations: z
    .strictObject({
      remindDays: days.default(authorisationRules.remindDays.value),
      remindVisits: z.int().min(0).max(100).default(authorisationRules.remindVisits.value),
      askDays: days.default(authorisationRules.askDays.value),
      chaseDays: days.default(authorisationRules.chaseDays.value),
      decideDays: days.default(authorisationRules.decideDays.value),
    })
    .prefault({}),
  /** For how long a claim stands unless it is renewed. */
  claimMinutes: z.int().min(1).max(120).default(worklistRules.claimMinutes.value),
});

/** A clinic's rules, with Cairn's defaults where it set none. */
export interface ReferralSettings extends z.infer<typeof referralSettingsSchema> {
  /** Reference of the clinic's Organization in the FHIR store. */
  readonly reference: string;
  readonly clinicName: string;
  /** The clinic's IANA time zone. */
  readonly zone: string;
}

/** The clinic's rules for referrals. Throws when its settings are broken: to guess would lose referrals. */
export function referralSettings(clinic: Clinic): ReferralSettings {
  const known = settingsOf.get(clinic);
  if (known) return known;
  const parsed = referralSettingsSchema.parse(clinic.settings['referrals'] ?? {});
  const settings = { ...parsed, reference: `Organization/${organizationId(clinic.id)}`, clinicName: clinic.name, zone: clinic.zone };
  settingsOf.set(clinic, settings);
  return settings;
}

/** A clinic is read anew once in a while; until then its rules, which every write of a hospital asks for, are the same. */
const settingsOf = new WeakMap<Clinic, ReferralSettings>();

const defaultSteps: Readonly<Partial<Record<ReferralState, NextStep>>> = rules.nextSteps.value;

/** What must happen next in this state (and, once accepted, on this pathway) and within how many days; undefined where nothing must. An open red flag goes before everything. */
export function nextStep(settings: ReferralSettings, { state, pathway }: { readonly state: ReferralState; readonly pathway?: Pathway | null | undefined }, openFlag: FlagLevel | undefined): NextStep | undefined {
  const usual = state === 'accepted' && pathway === 'advice-only' ? rules.adviceStep.value : (settings.nextSteps[state] ?? defaultSteps[state]);
  return usual && openFlag ? rules.redFlagSteps.value[openFlag] : usual;
}

const defaultStaleDays: Readonly<Partial<Record<ReferralState, number>>> = worklistRules.staleDays.value;

/** Days without movement after which a referral in this state counts as stale. */
export const staleDays = (settings: ReferralSettings, state: ReferralState): number => settings.staleDays[state] ?? defaultStaleDays[state] ?? 0;

/** A choice among the keys of a table of words. */
const keyOf = <Words extends Readonly<Record<string, string>>>(words: Words): z.ZodEnum<{ [Key in keyof Words & string]: Key }> =>
  z.enum(Object.fromEntries(Object.keys(words).map((key) => [key, key])) as { [Key in keyof Words & string]: Key });

/** Coded reasons with the words that people read. */
export const DECLINE_REASONS = rules.decline.value;
export const CLOSE_UNSEEN_REASONS = rules.closeUnseen.value;
export const HOLD_REASONS = rules.hold.value;
export const declineReason = keyOf(DECLINE_REASONS);
export const closeUnseenReason = keyOf(CLOSE_UNSEEN_REASONS);
export const holdReason = keyOf(HOLD_REASONS);
