import type { CodeableConcept, Coding, Condition, MedicationRequest, Observation } from '@medplum/fhirtypes';
import { z } from 'zod';
import data from './red-flags.json' with { type: 'json' };

const evidenceSchema = z.strictObject({
  resource: z.enum(['Condition', 'Observation', 'MedicationRequest', 'Patient']),
  display: z.string(),
  verified: z.boolean(),
  source: z.string(),
  systems: z.array(z.url()).optional(),
  code: z.string().optional(),
  /** Codes that begin so, as in a classification. */
  prefix: z.string().optional(),
  /** Days before the referral came in; older evidence does not count. */
  within: z.int().positive().optional(),
  /** Counts although the condition is over. */
  evenIfResolved: z.boolean().optional(),
  atLeast: z.number().optional(),
  unit: z.string().optional(),
  /** Coded answers that mean yes. */
  answers: z.array(z.string()).optional(),
  olderThan: z.int().optional(),
  youngerThan: z.int().optional(),
});
type Evidence = z.infer<typeof evidenceSchema>;

const flagSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  level: z.enum(['hard-stop', 'concern']),
  label: z.string(),
  action: z.string(),
  verified: z.boolean(),
  source: z.array(z.string()),
  syndrome: z.string().optional(),
  evidence: z.array(evidenceSchema),
});

const ruleSet = z.strictObject({ version: z.string(), disclaimer: z.string(), note: z.string(), sources: z.record(z.string(), z.string()), flags: z.array(flagSchema) }).parse(data);

export type FlagLevel = 'hard-stop' | 'concern';
/** A red flag as a rule: its level, what to do, and the codes by which it is found in data. */
export type RedFlag = z.infer<typeof flagSchema>;

export const RED_FLAGS_VERSION = ruleSet.version;
export const RED_FLAGS: readonly RedFlag[] = ruleSet.flags;

/** The rule of a flag, or undefined when no flag has this id. */
export const redFlag = (id: string): RedFlag | undefined => RED_FLAGS.find((flag) => flag.id === id);

/** The codes to look for in Observations, as a search by `code` takes them. */
export const observationCodes: readonly string[] = [
  ...new Set(RED_FLAGS.flatMap((flag) => flag.evidence.filter((rule) => rule.resource === 'Observation').flatMap((rule) => (rule.systems ?? []).map((system) => `${system}|${rule.code ?? ''}`)))),
];

/** What is known of one flag, and by which resources. A flag that is neither found nor denied is not known, and is not listed. */
export interface FlagFinding {
  readonly flag: RedFlag;
  readonly state: 'found' | 'denied';
  /** References of the resources that say so. */
  readonly evidence: readonly string[];
  /** Whether every rule that found it rests on a confirmed code. */
  readonly verified: boolean;
}

/** The patient's coded data, as far as this clinic holds it. */
export interface ScreeningData {
  readonly patientId: string;
  /** YYYY, YYYY-MM or YYYY-MM-DD. */
  readonly birthDate?: string | undefined;
  readonly conditions: readonly Condition[];
  readonly observations: readonly Observation[];
  readonly medications: readonly MedicationRequest[];
}

type Verdict = 'found' | 'denied' | undefined;
interface Said {
  readonly verdict: Exclude<Verdict, undefined>;
  readonly reference: string;
  readonly verified: boolean;
}

/**
 * Looks for every flag in the data, as at `at`. A flag is found when one resource says so, denied when one says the contrary and none says so;
 * what no resource speaks of stays unknown and is left out, so that missing data never reads as clear.
 */
export function screen(facts: ScreeningData, at: Date): FlagFinding[] {
  return RED_FLAGS.flatMap((flag) => {
    const said = flag.evidence.flatMap((rule) => testimony(rule, facts, at));
    const found = said.filter((one) => one.verdict === 'found');
    const telling = found.length > 0 ? found : said;
    if (telling.length === 0) return [];
    return [
      {
        flag,
        state: found.length > 0 ? ('found' as const) : ('denied' as const),
        evidence: [...new Set(telling.map((one) => one.reference))].sort(),
        verified: telling.every((one) => one.verified),
      },
    ];
  });
}

function testimony(rule: Evidence, facts: ScreeningData, at: Date): Said[] {
  const say = (verdict: Verdict, reference: string): Said[] => (verdict ? [{ verdict, reference, verified: rule.verified }] : []);
  switch (rule.resource) {
    case 'Patient':
      return say(byAge(rule, facts.birthDate, at), `Patient/${facts.patientId}`);
    case 'Condition':
      return facts.conditions
        .filter((condition) => codedAs(rule, condition.code))
        .flatMap((condition) => say(byCondition(rule, condition, at), `Condition/${condition.id ?? ''}`));
    case 'MedicationRequest':
      return facts.medications
        .filter((medication) => medication.status === 'active' && codedAs(rule, medication.medicationCodeableConcept))
        .flatMap((medication) => say('found', `MedicationRequest/${medication.id ?? ''}`));
    case 'Observation':
      return facts.observations
        .filter((observation) => !['cancelled', 'entered-in-error'].includes(observation.status) && codedAs(rule, observation.code))
        .filter((observation) => recent(rule, observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued, at))
        .flatMap((observation) => say(byValue(rule, observation), `Observation/${observation.id ?? ''}`));
  }
}

const codedAs = (rule: Evidence, concept: CodeableConcept | undefined): boolean => (concept?.coding ?? []).some((coding) => matches(rule, coding));

const matches = (rule: Evidence, { system, code }: Coding): boolean =>
  code !== undefined &&
  system !== undefined &&
  (rule.systems ?? []).includes(system) &&
  (rule.code === undefined ? rule.prefix !== undefined && code.toUpperCase().startsWith(rule.prefix) : rule.code === code);

const DAY_MS = 86_400_000;

/** What bears no date counts as recent: not to know when is no reason to overlook it. */
function recent(rule: Evidence, date: string | undefined, at: Date): boolean {
  const when = date === undefined ? Number.NaN : Date.parse(date);
  return rule.within === undefined || Number.isNaN(when) || at.getTime() - when <= rule.within * DAY_MS;
}

const codesOf = (concept: CodeableConcept | undefined): (string | undefined)[] => (concept?.coding ?? []).map((coding) => coding.code);

function byCondition(rule: Evidence, condition: Condition, at: Date): Verdict {
  const verification = codesOf(condition.verificationStatus);
  if (verification.includes('entered-in-error')) return undefined;
  if (verification.includes('refuted')) return 'denied';
  const over = codesOf(condition.clinicalStatus).some((status) => status === 'resolved' || status === 'inactive' || status === 'remission');
  if (over && !rule.evenIfResolved) return undefined;
  return recent(rule, condition.onsetDateTime ?? condition.onsetPeriod?.start ?? condition.recordedDate, at) ? 'found' : undefined;
}

/** LOINC LA32-8 and SNOMED 2667000 say no; LA33-6 and 52101004 say yes. Source: LOINC answer list LL365-8; SNOMED qualifier values. */
const NO = ['LA32-8', '2667000'];
const YES = ['LA33-6', '52101004'];

function byValue(rule: Evidence, observation: Observation): Verdict {
  const codes = codesOf(observation.valueCodeableConcept);
  if (rule.answers && codes.length > 0) return codes.some((code) => code !== undefined && rule.answers?.includes(code)) ? 'found' : 'denied';
  const value = observation.valueQuantity?.value ?? observation.valueInteger;
  if (rule.atLeast !== undefined) {
    if (value === undefined || (rule.unit !== undefined && observation.valueQuantity?.code !== undefined && observation.valueQuantity.code !== rule.unit)) return undefined;
    return Number(value) >= rule.atLeast ? 'found' : 'denied';
  }
  if (observation.valueBoolean === false || codes.some((code) => code !== undefined && NO.includes(code))) return 'denied';
  return observation.valueBoolean === true || codes.some((code) => code !== undefined && YES.includes(code)) ? 'found' : undefined;
}

/** Whole years between the birth date and `at`. A date that tells only year or month is read as its last day, so that the age is never overstated. */
function byAge(rule: Evidence, birthDate: string | undefined, at: Date): Verdict {
  const [year, month = '12', day = '31'] = birthDate?.split('-') ?? [];
  if (year === undefined) return undefined;
  const before = (at.getUTCMonth() + 1) * 100 + at.getUTCDate() < Number(month) * 100 + Number(day);
  const age = at.getUTCFullYear() - Number(year) - (before ? 1 : 0);
  if (rule.olderThan !== undefined) return age > rule.olderThan ? 'found' : 'denied';
  return rule.youngerThan === undefined ? undefined : age < rule.youngerThan ? 'found' : 'denied';
}
