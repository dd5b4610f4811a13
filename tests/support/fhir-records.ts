import type { Observation, Resource } from '@medplum/fhirtypes';
import type { FhirClient } from './fhir-client.js';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

/** Resources that a test searches, known by names of its own. */
export class KnownResources {
  readonly ids: Record<string, string> = {};

  constructor(private readonly client: FhirClient) {}

  /** Stores a resource under a name and returns its id. */
  async make(name: string, resource: Resource): Promise<string> {
    const id = await this.client.create(resource);
    this.ids[name] = id;
    return id;
  }

  /** The names of the matches of a search over all pages, in their order; ids of resources without a name. */
  async search(path: string): Promise<string[]> {
    return this.named(await this.client.ids(path));
  }

  named(ids: readonly string[]): string[] {
    return ids.map((id) => Object.entries(this.ids).find(([, value]) => value === id)?.[0] ?? id);
  }
}

/** Two patients with a few observations of each, a doctor, and one resource for each further kind of search parameter. */
export async function storeTwoRecords(client: FhirClient): Promise<KnownResources> {
  const known = new KnownResources(client);
  const anna = await known.make('anna', {
    resourceType: 'Patient',
    active: true,
    gender: 'female',
    birthDate: '1970-05-17',
    name: [{ family: 'Müller', given: ['Anna', 'Zoë'] }],
    identifier: [{ system: 'urn:a', value: '1' }],
    telecom: [{ system: 'phone', value: '+15550100' }],
    address: [{ city: 'Zürich', line: ['Langstrasse 1'] }],
    meta: { tag: [{ system: 'urn:tags', code: 'pilot' }] },
  });
  const ben = await known.make('ben', {
    resourceType: 'Patient',
    gender: 'male',
    birthDate: '1980',
    name: [{ family: 'Mullerson', given: ['Ben'] }],
    identifier: [{ system: 'urn:b', value: '1' }, { value: 'bare' }],
    deceasedBoolean: true,
  });
  const doctor = await known.make('doctor', { resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
  const observation = (patient: string, day: string, value: number, code = '72514-3'): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: LOINC, code }] },
    subject: { reference: `Patient/${patient}` },
    performer: [{ reference: `Practitioner/${doctor}` }],
    effectiveDateTime: day,
    valueQuantity: { value, unit: 'points', system: UCUM, code: '{score}' },
  });
  await known.make('anna-may', observation(anna, '2024-05-10', 7));
  await known.make('anna-june', observation(anna, '2024-06-10T10:00:00Z', 5.4));
  await known.make('anna-july', observation(anna, '2024-07', 3));
  await known.make('anna-weight', observation(anna, '2024-06-11', 70, '29463-7'));
  await known.make('ben-june', observation(ben, '2024-06-09', 6));
  await known.make('group', { resourceType: 'Observation', status: 'preliminary', code: { text: 'about a group' }, subject: { reference: `Group/${anna}` } });
  await known.make('condition', {
    resourceType: 'Condition',
    subject: { reference: `Patient/${anna}` },
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '82423001' }] },
    onsetPeriod: { start: '2020-01' },
  });
  await known.make('risk', {
    resourceType: 'RiskAssessment',
    status: 'final',
    subject: { reference: `Patient/${anna}` },
    prediction: [{ probabilityDecimal: 0.8, outcome: { text: 'x' } }],
  });
  await known.make('valueset', { resourceType: 'ValueSet', status: 'active', url: 'http://x.example/vs', version: '1' });
  return known;
}
