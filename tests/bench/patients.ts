import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bundle, Resource } from '@medplum/fhirtypes';

const LOINC = 'http://loinc.org';
const SNOMED = 'http://snomed.info/sct';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** Of this LOINC code each patient has several Observations. */
export const MEASURED = { system: LOINC, code: '8302-2' };

const VITALS = [
  { code: '8302-2', display: 'Body Height', unit: 'cm', value: 170 },
  { code: '29463-7', display: 'Body Weight', unit: 'kg', value: 72.5 },
  { code: '39156-5', display: 'Body Mass Index', unit: 'kg/m2', value: 25.1 },
  { code: '72514-3', display: 'Pain severity - 0-10 verbal numeric rating [Score] - Reported', unit: '{score}', value: 6 },
  { code: '8867-4', display: 'Heart rate', unit: '/min', value: 71 },
];

/**
 * Transactions of one patient each, with all that belongs to them: Synthea's, where the folder of test data is there, else made here.
 * Every identifier is a UUID, as Synthea's are.
 */
export function patientBundles(): { readonly source: string; readonly bundles: readonly Bundle[] } {
  const folder = resolve(process.env['CAIRN_TEST_DATA'] ?? '../shared/data', 'synthea-r4');
  if (existsSync(folder)) {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    return { source: 'Synthea', bundles: files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Bundle) };
  }
  return { source: 'generated', bundles: Array.from({ length: 12 }, (_, number) => madeBundle(number)) };
}

/** A transaction that creates the resources; references between them are their `urn:uuid:`. */
export const bundleOf = (resources: readonly { readonly fullUrl: string; readonly resource: Resource }[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map(({ fullUrl, resource }) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } })),
});

function madeBundle(number: number): Bundle {
  const made: { fullUrl: string; resource: Resource }[] = [];
  const add = (resource: Resource): string => {
    const fullUrl = `urn:uuid:${crypto.randomUUID()}`;
    made.push({ fullUrl, resource });
    return fullUrl;
  };
  const subject = {
    reference: add({
      resourceType: 'Patient',
      identifier: [{ system: 'https://bench.example/mrn', value: crypto.randomUUID() }],
      name: [{ use: 'official', family: `Family${number}`, given: ['Given', 'Middle'] }],
      telecom: [{ system: 'phone', value: '555-0100', use: 'home' }],
      gender: number % 2 ? 'female' : 'male',
      birthDate: `19${50 + number}-03-07`,
      address: [{ line: ['1 Main Street'], city: 'Springfield', state: 'MA', postalCode: '01101', country: 'US' }],
    }),
  };
  const day = (visit: number): string => `${2010 + visit}-0${1 + (number % 9)}-15T09:30:00-05:00`;
  for (let visit = 0; visit < 14; visit++) {
    const encounter = {
      reference: add({
        resourceType: 'Encounter',
        status: 'finished',
        class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
        type: [{ coding: [{ system: SNOMED, code: '185345009', display: 'Encounter for symptom' }], text: 'Encounter for symptom' }],
        subject,
        period: { start: day(visit), end: day(visit).replace('09:30', '09:45') },
      }),
    };
    for (const { code, display, unit, value } of VITALS) add(observation({ code, display, unit, value: value + visit / 10 }, subject, encounter, day(visit)));
    add({
      resourceType: 'Condition',
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      verificationStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }] },
      code: { coding: [{ system: SNOMED, code: '82423001', display: 'Chronic pain' }], text: 'Chronic pain' },
      subject,
      encounter,
      onsetDateTime: day(visit),
      recordedDate: day(visit),
    });
    add({
      resourceType: 'MedicationRequest',
      status: 'stopped',
      intent: 'order',
      medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '310965', display: 'Ibuprofen 200 MG Oral Tablet' }], text: 'Ibuprofen 200 MG Oral Tablet' },
      subject,
      encounter,
      authoredOn: day(visit),
    });
  }
  return bundleOf(made);
}

/** A measurement, as monitors and questionnaires leave them. */
export const observation = (measured: { code: string; display: string; unit: string; value: number }, subject: { reference: string }, encounter: { reference: string } | undefined, at: string): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: CATEGORY, code: 'vital-signs', display: 'Vital Signs' }] }],
  code: { coding: [{ system: LOINC, code: measured.code, display: measured.display }], text: measured.display },
  subject,
  ...(encounter ? { encounter } : {}),
  effectiveDateTime: at,
  issued: at,
  valueQuantity: { value: Math.round(measured.value * 10) / 10, unit: measured.unit, system: 'http://unitsofmeasure.org', code: measured.unit },
});
