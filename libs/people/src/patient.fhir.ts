import type { CodeableConcept, ContactPoint, Extension, HumanName, Patient } from '@medplum/fhirtypes';
import { isZone } from './local-time.js';
import { parsePhone, type CountryCode } from './phone.js';

/** Something a patient needs in order to take part: an interpreter, or help with a disability as the record codes it. */
export interface AccessNeed {
  readonly code: string;
  readonly display: string;
}

/** What Cairn's features need to know of a patient, read from the FHIR Patient. */
export interface PatientFacts {
  readonly id: string;
  /** The name as it is said; undefined when the record has none. */
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  /** `YYYY-MM-DD`, or less where the record knows less. */
  readonly birthDate: string | undefined;
  readonly deceased: boolean;
  /** The language to speak to the patient in, as a BCP-47 tag such as `es` or `en-US`; undefined when unknown. */
  readonly language: string | undefined;
  readonly interpreterNeeded: boolean;
  /** Telephone numbers in E.164, best first. */
  readonly phones: readonly string[];
  /** Those of them that may take a text message, best first. */
  readonly textPhones: readonly string[];
  /** E-mail addresses, best first. */
  readonly emails: readonly string[];
  /** The patient's IANA time zone where the record tells it. */
  readonly zone: string | undefined;
  readonly accessNeeds: readonly AccessNeed[];
}

const INTERPRETER = 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired';
const DISABILITY = 'http://hl7.org/fhir/StructureDefinition/patient-disability';
const ZONES = ['http://hl7.org/fhir/StructureDefinition/tz-code', 'http://hl7.org/fhir/StructureDefinition/timezone'];

const extensionsOf = (element: { extension?: Extension[] } | undefined, ...urls: string[]): Extension[] =>
  (element?.extension ?? []).filter((extension) => urls.includes(extension.url ?? ''));

const isCurrent = (period: { start?: string; end?: string } | undefined, now: Date): boolean =>
  (!period?.end || new Date(period.end) >= now) && (!period?.start || new Date(period.start) <= now);

function bestName(names: readonly HumanName[], now: Date): HumanName | undefined {
  const current = names.filter((name) => name.use !== 'old' && isCurrent(name.period, now));
  return current.find((name) => name.use === 'usual') ?? current.find((name) => name.use === 'official') ?? current[0];
}

const rankOf = (point: ContactPoint): number => point.rank ?? Number.MAX_SAFE_INTEGER;

function currentPoints(patient: Patient, now: Date): ContactPoint[] {
  const points = (patient.telecom ?? []).filter((point) => point.value && point.use !== 'old' && isCurrent(point.period, now));
  return points.sort((a, b) => rankOf(a) - rankOf(b));
}

/** Numbers that the plan marks as fixed lines take no texts; where it marks nothing, a text is tried after those known to be mobile. */
const textRank = ({ system, use }: ContactPoint, kind: string | undefined): number => {
  if (system === 'sms' || use === 'mobile' || kind === 'MOBILE') return 0;
  return kind === 'FIXED_LINE' || use === 'work' ? 2 : 1;
};

function phonesOf(points: readonly ContactPoint[], country: CountryCode): Pick<PatientFacts, 'phones' | 'textPhones'> {
  const found = points
    .filter((point) => point.system === 'phone' || point.system === 'sms')
    .flatMap((point) => {
      const phone = parsePhone(point.value ?? '', country);
      return phone ? [{ number: phone.number, rank: textRank(point, phone.getType()) }] : [];
    });
  const unique = (numbers: string[]): string[] => [...new Set(numbers)];
  return {
    phones: unique(found.map(({ number }) => number)),
    textPhones: unique(found.filter(({ rank }) => rank < 2).sort((a, b) => a.rank - b.rank).map(({ number }) => number)),
  };
}

const displayOf = (concept: CodeableConcept): string | undefined => concept.text ?? concept.coding?.find((coding) => coding.display)?.display;

function languageOf(patient: Patient): string | undefined {
  const spoken = patient.communication ?? [];
  const chosen = spoken.find((entry) => entry.preferred) ?? spoken[0];
  const code = chosen?.language?.coding?.find((coding) => coding.code && /^[a-z]{2,3}(-|$)/i.test(coding.code))?.code;
  if (!code) return undefined;
  try {
    return Intl.getCanonicalLocales(code)[0];
  } catch {
    return undefined;
  }
}

function needsOf(patient: Patient, interpreterNeeded: boolean): AccessNeed[] {
  const disabilities = extensionsOf(patient, DISABILITY).flatMap(({ valueCodeableConcept: concept }) => {
    const code = concept?.coding?.[0]?.code;
    const display = concept && displayOf(concept);
    return display ? [{ code: code ?? 'disability', display }] : [];
  });
  return [...(interpreterNeeded ? [{ code: 'interpreter', display: 'Interpreter needed' }] : []), ...disabilities];
}

/**
 * The facts of a Patient resource as of now. Numbers without a country prefix are read as numbers of `country`; what can't be a telephone
 * number, an e-mail address or a zone is left out rather than guessed.
 */
export function patientFacts(patient: Patient, country: CountryCode, now: Date): PatientFacts {
  const name = bestName(patient.name ?? [], now);
  const points = currentPoints(patient, now);
  const interpreterNeeded = extensionsOf(patient, INTERPRETER).some((extension) => extension.valueBoolean === true);
  const zones = [patient, ...(patient.address ?? [])].flatMap((element) => extensionsOf(element, ...ZONES)).map((extension) => extension.valueCode ?? extension.valueString ?? '');
  const given = name?.given?.join(' ').trim();
  return {
    id: patient.id ?? '',
    givenName: given || undefined,
    familyName: name?.family?.trim() || undefined,
    birthDate: patient.birthDate,
    deceased: patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined,
    language: languageOf(patient),
    interpreterNeeded,
    ...phonesOf(points, country),
    emails: [...new Set(points.filter((point) => point.system === 'email').map((point) => (point.value ?? '').trim()).filter((value) => /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/.test(value)))],
    zone: zones.find(isZone),
    accessNeeds: needsOf(patient, interpreterNeeded),
  };
}
