import type { CodeableConcept, Coding, Condition, MedicationRequest, MedicationStatement, Observation, QuestionnaireResponse, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import { RED_FLAGS, type EvidenceRule, type RedFlag } from './red-flag-rules.js';

/** One thing that tells of a flag: where it stands, what it says, and the source of the rule that reads it so. */
export interface Ground {
  readonly reference: string;
  readonly says: string;
  readonly source: string;
  readonly verified: boolean;
}

/** What is known of one flag, and by which resources. A flag that is neither found nor denied is not known, and is not listed. */
export interface FlagFinding {
  readonly flag: RedFlag;
  readonly state: 'found' | 'denied';
  /** References of the resources that say so. */
  readonly evidence: readonly string[];
  /** What each of them says, and where the rule by which it was read comes from. */
  readonly grounds: readonly Ground[];
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
  readonly medications: readonly Medicine[];
  readonly answers: readonly QuestionnaireResponse[];
}

/** A medicine that was ordered, or that somebody says is taken. */
type Medicine = MedicationRequest | MedicationStatement;

type Verdict = 'found' | 'denied' | undefined;
interface Said extends Ground {
  readonly verdict: Exclude<Verdict, undefined>;
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
        grounds: telling.map(({ verdict: _, ...ground }) => ground),
        verified: telling.every((one) => one.verified),
      },
    ];
  });
}

function testimony(rule: EvidenceRule, facts: ScreeningData, at: Date): Said[] {
  const say = (verdict: Verdict, reference: string): Said[] => (verdict ? [{ verdict, reference, says: rule.display, source: rule.source, verified: rule.verified }] : []);
  switch (rule.resource) {
    case 'Patient':
      return say(byAge(rule, facts.birthDate, at), `Patient/${facts.patientId}`);
    case 'Condition':
      return facts.conditions
        .filter((condition) => codedAs(rule, condition.code))
        .flatMap((condition) => say(byCondition(rule, condition, at), `Condition/${condition.id ?? ''}`));
    case 'MedicationRequest':
      return facts.medications
        .filter((medication) => medication.status === 'active' && codedAs(rule, substanceOf(medication)))
        .flatMap((medication) => say('found', `${medication.resourceType}/${medication.id ?? ''}`));
    case 'QuestionnaireResponse':
      return facts.answers
        .filter((response) => response.status !== 'entered-in-error' && asks(rule, response) && recent(rule, response.authored, at))
        .flatMap((response) => itemsIn(response.item).filter(({ linkId }) => rule.linkIds?.includes(linkId ?? '')).flatMap((item) => say(byAnswer(rule, item), `QuestionnaireResponse/${response.id ?? ''}`)));
    case 'Observation':
      return facts.observations
        .filter((observation) => !['cancelled', 'entered-in-error'].includes(observation.status) && codedAs(rule, observation.code))
        .filter((observation) => recent(rule, observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued, at))
        .flatMap((observation) => say(byValue(rule, observation), `Observation/${observation.id ?? ''}`));
  }
}

const codedAs = (rule: EvidenceRule, concept: CodeableConcept | undefined): boolean => (concept?.coding ?? []).some((coding) => matches(rule, coding));

/** The coded substance, which may stand in a Medication that the resource contains. */
function substanceOf(medicine: Medicine): CodeableConcept | undefined {
  if (medicine.medicationCodeableConcept) return medicine.medicationCodeableConcept;
  const contained = medicine.contained?.find((resource) => `#${resource.id ?? ''}` === medicine.medicationReference?.reference);
  return contained?.resourceType === 'Medication' ? contained.code : undefined;
}

const asks = (rule: EvidenceRule, { questionnaire = '' }: QuestionnaireResponse): boolean => rule.questionnaire === undefined || questionnaire.startsWith(rule.questionnaire);

const itemsIn = (items: readonly QuestionnaireResponseItem[] | undefined): QuestionnaireResponseItem[] =>
  (items ?? []).flatMap((item) => [item, ...itemsIn(item.item), ...(item.answer ?? []).flatMap((answer) => itemsIn(answer.item))]);

function byAnswer(rule: EvidenceRule, { answer = [] }: QuestionnaireResponseItem): Verdict {
  const said = answer.flatMap(({ valueCoding: coding, valueBoolean, valueInteger, valueDecimal }): Verdict[] => {
    if (coding) return rule.answers ? [coding.code !== undefined && rule.answers.includes(coding.code) ? 'found' : 'denied'] : [yesOrNo([coding.code])];
    if (valueBoolean !== undefined) return [valueBoolean ? 'found' : 'denied'];
    const value = valueInteger ?? valueDecimal;
    return rule.atLeast !== undefined && value !== undefined ? [value >= rule.atLeast ? 'found' : 'denied'] : [];
  });
  return said.includes('found') ? 'found' : said.includes('denied') ? 'denied' : undefined;
}

const matches = (rule: EvidenceRule, { system, code }: Coding): boolean =>
  code !== undefined &&
  system !== undefined &&
  (rule.systems ?? []).includes(system) &&
  (rule.code === undefined ? rule.prefix !== undefined && code.toUpperCase().startsWith(rule.prefix) : rule.code === code);

const DAY_MS = 86_400_000;

/** What bears no date counts as recent: not to know when is no reason to overlook it. */
function recent(rule: EvidenceRule, date: string | undefined, at: Date): boolean {
  const when = date === undefined ? Number.NaN : Date.parse(date);
  return rule.within === undefined || Number.isNaN(when) || at.getTime() - when <= rule.within * DAY_MS;
}

const codesOf = (concept: CodeableConcept | undefined): (string | undefined)[] => (concept?.coding ?? []).map((coding) => coding.code);

function byCondition(rule: EvidenceRule, condition: Condition, at: Date): Verdict {
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

function byValue(rule: EvidenceRule, observation: Observation): Verdict {
  const codes = codesOf(observation.valueCodeableConcept);
  if (rule.answers && codes.length > 0) return codes.some((code) => code !== undefined && rule.answers?.includes(code)) ? 'found' : 'denied';
  const value = observation.valueQuantity?.value ?? observation.valueInteger;
  if (rule.atLeast !== undefined) {
    if (value === undefined || (rule.unit !== undefined && observation.valueQuantity?.code !== undefined && observation.valueQuantity.code !== rule.unit)) return undefined;
    return Number(value) >= rule.atLeast ? 'found' : 'denied';
  }
  if (observation.valueBoolean !== undefined) return observation.valueBoolean ? 'found' : 'denied';
  return yesOrNo(codes);
}

function yesOrNo(codes: readonly (string | undefined)[]): Verdict {
  if (codes.some((code) => code !== undefined && NO.includes(code))) return 'denied';
  return codes.some((code) => code !== undefined && YES.includes(code)) ? 'found' : undefined;
}

/** Whole years between the birth date and `at`. A date that tells only year or month is read as its last day, so that the age is never overstated. */
function byAge(rule: EvidenceRule, birthDate: string | undefined, at: Date): Verdict {
  const [year, month = '12', day = '31'] = birthDate?.split('-') ?? [];
  if (year === undefined) return undefined;
  const before = (at.getUTCMonth() + 1) * 100 + at.getUTCDate() < Number(month) * 100 + Number(day);
  const age = at.getUTCFullYear() - Number(year) - (before ? 1 : 0);
  if (rule.olderThan !== undefined) return age > rule.olderThan ? 'found' : 'denied';
  return rule.youngerThan === undefined ? undefined : age < rule.youngerThan ? 'found' : 'denied';
}
