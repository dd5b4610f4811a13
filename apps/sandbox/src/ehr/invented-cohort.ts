import type { Bundle, Condition, MedicationRequest, Observation, Patient, Practitioner, Resource } from '@medplum/fhirtypes';
import { v5 as uuid } from 'uuid';
import { MEASURES, conditionCode, medicineCode } from './clinical-codes.js';
import { Draw } from './draw.js';
import { HOSPITAL } from './hospital.js';
import stories from './stories.json' with { type: 'json' };

type Language = 'en' | 'es' | 'fr';

interface Story {
  language: string;
  age: number[];
  gender: string;
  contact: string[];
  interpreter: boolean;
  access: string[];
  conditions: { code: string; years: number; note?: string }[];
  severity: number[];
  peg: number[];
  medicines: { code: string; perDay?: number; everyHours?: number }[];
}

const NAMESPACE = '5a0e1d3c-7a35-4f2b-9a4e-0c6f7d1b2e90';
const DAY_MS = 86_400_000;
const MEASURED_DAYS_AGO = [190, 95, 12];

const NAMES: Record<Language, { female: string[]; male: string[]; family: string[]; label: string }> = {
  en: { female: ['Maud', 'Ottilie', 'Hazel', 'Winifred'], male: ['Alban', 'Percival', 'Rufus'], family: ['Larkfield', 'Thornbury', 'Millstone', 'Ashgrove', 'Quillan'], label: 'English' },
  es: { female: ['Remedios', 'Azucena', 'Jacinta'], male: ['Evaristo', 'Casimiro', 'Leandro'], family: ['Montealegre', 'Riofrío', 'Valdeolmos', 'Campohermoso'], label: 'Spanish' },
  fr: { female: ['Solange', 'Philomène', 'Eulalie'], male: ['Anatole', 'Fulgence', 'Achille'], family: ['Beaupré', 'Champfleury', 'Desruisseaux', 'Montclair'], label: 'French' },
};

const SDOH = 'http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes';
const ACCESS: Record<string, { category: string; code: Condition['code'] }> = {
  'no-transport': { category: 'transportation-insecurity', code: conditionCode('no-transport') },
  'no-smartphone': { category: 'digital-access', code: { text: 'No smartphone: can be called and texted, cannot use links' } },
};

/**
 * Returns the project's own patients, one transaction Bundle each: the same people for the same seed,
 * with measurements dated back from `now`.
 */
export function inventCohort(seed: number, now: Date): Bundle[] {
  const draw = new Draw(seed);
  const names = structuredClone(NAMES);
  return stories.stories.map((story: Story, index) => new Invention(seed, index, story, draw, names, now).bundle());
}

/** One story becoming one record. */
class Invention {
  private readonly resources: Resource[] = [];

  constructor(
    private readonly seed: number,
    private readonly index: number,
    private readonly story: Story,
    private readonly draw: Draw,
    private readonly names: typeof NAMES,
    private readonly now: Date,
  ) {}

  bundle(): Bundle {
    const doctor = this.practitioner();
    const patient = this.patient();
    const subject = { reference: urn(patient) };
    const recorder = { reference: urn(doctor) };
    const conditions = this.story.conditions.map((one, n) => this.condition(one, n, { subject, recorder }));
    this.resources.push(doctor, patient, ...conditions, ...this.accessNeeds({ subject, recorder }));
    this.resources.push(...MEASURED_DAYS_AGO.flatMap((daysAgo, n) => this.measurements(daysAgo, n, { subject })));
    this.resources.push(...this.story.medicines.map((one, n) => this.medicine(one, n, { subject, requester: recorder, reasonReference: [{ reference: urn(conditions[0]) }] })));
    return {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: this.resources.map((resource) => ({ fullUrl: urn(resource), resource, request: { method: 'POST', url: resource.resourceType } })),
    };
  }

  private id(what: string): string {
    return uuid(`${this.seed}/${this.index}/${what}`, NAMESPACE);
  }

  private daysAgo(days: number): string {
    return new Date(this.now.getTime() - days * DAY_MS).toISOString();
  }

  private yearsAgo(years: number): string {
    return this.daysAgo(Math.round(years * 365.25) + 20).slice(0, 10);
  }

  // Two doctors share the patients.
  private practitioner(): Practitioner {
    const number = (this.index % 2) + 1;
    return {
      resourceType: 'Practitioner',
      id: uuid(`${this.seed}/practitioner/${number}`, NAMESPACE),
      identifier: [{ system: HOSPITAL.staff, value: `doctor-${number}` }],
      active: true,
      name: [{ text: `Sandbox doctor ${number}` }],
    };
  }

  private patient(): Patient {
    const { language, gender, contact, interpreter } = this.story;
    const spoken = this.names[language as Language];
    const given = this.draw.take(gender === 'female' ? spoken.female : spoken.male);
    const family = this.draw.take(spoken.family);
    const number = String(this.index + 1).padStart(2, '0');
    const [youngest = 18, oldest = 90] = this.story.age;
    return {
      resourceType: 'Patient',
      id: this.id('patient'),
      identifier: [
        {
          type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR', display: 'Medical record number' }] },
          system: HOSPITAL.mrn,
          value: `H-${this.seed}-${number}`,
        },
      ],
      active: true,
      name: [{ use: 'official', family, given: [given] }],
      gender: gender === 'female' ? 'female' : 'male',
      birthDate: this.yearsAgo(this.draw.between(youngest, oldest) + this.draw.between(0, 11) / 12),
      telecom: [
        ...(contact.includes('email') ? [{ system: 'email' as const, value: `patient-${number}@mail.example`, use: 'home' as const }] : []),
        ...(contact.includes('mobile') ? [{ system: 'sms' as const, value: `+120255501${number}`, use: 'mobile' as const }] : []),
      ],
      address: [{ use: 'home', line: [`${this.draw.between(1, 99)} Example Street`], city: 'Washington', state: 'DC', country: 'US' }],
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: language, display: spoken.label }], text: spoken.label }, preferred: true }],
      ...(interpreter && { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }] }),
    };
  }

  private condition(one: Story['conditions'][number], n: number, about: Pick<Condition, 'subject' | 'recorder'>): Condition {
    return {
      resourceType: 'Condition',
      id: this.id(`condition/${n}`),
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      verificationStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }] },
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-category', code: 'problem-list-item' }] }],
      code: conditionCode(one.code),
      onsetDateTime: this.yearsAgo(one.years),
      recordedDate: this.daysAgo(15),
      ...about,
      ...(one.note && { note: [{ text: one.note }] }),
    };
  }

  private accessNeeds(about: Pick<Condition, 'subject' | 'recorder'>): Condition[] {
    return this.story.access.map((need, n) => ({
      resourceType: 'Condition',
      id: this.id(`access/${n}`),
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      category: [
        { coding: [{ system: 'http://hl7.org/fhir/us/core/CodeSystem/condition-category', code: 'health-concern' }] },
        { coding: [{ system: SDOH, code: ACCESS[need]?.category }] },
      ],
      code: ACCESS[need]?.code,
      recordedDate: this.daysAgo(15),
      ...about,
    }));
  }

  private measurements(daysAgo: number, n: number, about: Pick<Observation, 'subject'>): Observation[] {
    const when = { effectiveDateTime: this.daysAgo(daysAgo), issued: this.daysAgo(daysAgo) };
    const score = (code: Observation['code'], value: number, what: string): Observation => ({
      resourceType: 'Observation',
      id: this.id(`${what}/${n}`),
      status: 'final',
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] }],
      code,
      ...about,
      ...when,
      valueQuantity: { value, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
    });
    const between = ([low = 0, high = 10]: number[]) => this.draw.between(low, high);
    const peg = MEASURES.peg.map((code, item) => score(code, between(this.story.peg), `peg-${item + 1}`));
    const sum = peg.reduce((total, item) => total + (item.valueQuantity?.value ?? 0), 0);
    const total = score(MEASURES.pegTotal, Math.round((sum / peg.length) * 10) / 10, 'peg-total');
    return [score(MEASURES.painSeverity, between(this.story.severity), 'severity'), ...peg, { ...total, derivedFrom: peg.map((item) => ({ reference: urn(item) })) }];
  }

  private medicine(one: Story['medicines'][number], n: number, about: Pick<MedicationRequest, 'subject' | 'requester' | 'reasonReference'>): MedicationRequest {
    const { perDay, everyHours } = one;
    const isPatch = everyHours !== undefined;
    const unit = isPatch ? '{patch}' : '{tbl}';
    return {
      resourceType: 'MedicationRequest',
      id: this.id(`medicine/${n}`),
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: medicineCode(one.code),
      authoredOn: this.daysAgo(30),
      ...about,
      dosageInstruction: [
        {
          text: isPatch ? `One patch, changed every ${everyHours} hours` : `${perDay} a day, one at a time`,
          timing: { repeat: isPatch ? { frequency: 1, period: everyHours, periodUnit: 'h' } : { frequency: perDay, period: 1, periodUnit: 'd' } },
          doseAndRate: [{ doseQuantity: { value: 1, unit, system: 'http://unitsofmeasure.org', code: unit } }],
        },
      ],
    };
  }
}

function urn(resource: Resource | undefined): string {
  return `urn:uuid:${resource?.id}`;
}
