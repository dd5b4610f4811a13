import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { KnownResources } from '../support/fhir-records.js';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';
const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203';

describe('modifiers and composites', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;

  const sorted = async (path: string): Promise<string[]> => (await known.search(path)).sort();

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = new KnownResources(client);
    await known.make('carla', {
      resourceType: 'Patient',
      gender: 'female',
      identifier: [{ type: { coding: [{ system: IDENTIFIER_TYPES, code: 'MR' }], text: 'Record number' }, system: 'urn:hospital', value: '4711' }],
      generalPractitioner: [{ identifier: { system: 'urn:npi', value: '7' } }],
    });
    await known.make('dan', { resourceType: 'Patient', birthDate: '1990-01-01', identifier: [{ type: { coding: [{ system: IDENTIFIER_TYPES, code: 'SS' }] }, value: '4711' }] });
    await known.make('pressure', {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: LOINC, code: '85354-9', display: 'Blood pressure panel' }], text: 'Pressure, sitting' },
      component: [
        { code: { coding: [{ system: LOINC, code: '8480-6' }] }, valueQuantity: { value: 150, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' } },
        { code: { coding: [{ system: LOINC, code: '8462-4' }] }, valueQuantity: { value: 80, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' } },
      ],
    });
    await known.make('smoking', {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: LOINC, code: '72166-2' }] },
      valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '8517006' }] },
    });
    await known.make('diary', { resourceType: 'Observation', status: 'final', code: { coding: [{ code: 'diary' }] }, valueString: 'Slept badly' });
    await known.make('onset', { resourceType: 'Observation', status: 'final', code: { coding: [{ code: 'onset' }] }, valueDateTime: '2024-03-05' });
    await known.make('words', { resourceType: 'Observation', status: 'final', code: { text: 'Only words' }, subject: { reference: '#me' }, contained: [{ resourceType: 'Patient', id: 'me' }] });
    await known.make('answers', { resourceType: 'QuestionnaireResponse', status: 'completed', questionnaire: 'http://x.example/Questionnaire/pain|2' });
    await known.make('valueset', { resourceType: 'ValueSet', status: 'active', url: 'http://x.example/fhir/ValueSet/pain', useContext: [{ code: { code: 'age' }, valueRange: { low: { value: 18, unit: 'a' }, high: { value: 65, unit: 'a' } } }] });
    await known.make('adults', {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      characteristic: [
        { code: { coding: [{ code: 'smoker' }] }, valueBoolean: true, exclude: false },
        { code: { coding: [{ code: 'gender' }] }, valueCodeableConcept: { coding: [{ code: 'female' }] }, exclude: false },
      ],
    });
    await known.make('sequence', {
      resourceType: 'MolecularSequence',
      coordinateSystem: 0,
      referenceSeq: { genomeBuild: 'GRCh37', chromosome: { coding: [{ code: '7' }] }, windowStart: 100, windowEnd: 200 },
      variant: [{ start: 120, end: 121 }, { start: 150, end: 152 }],
    });
    const first = await known.make('first-draft', { resourceType: 'DocumentReference', status: 'superseded', content: [{ attachment: { title: 'a' } }] });
    await known.make('second-draft', {
      resourceType: 'DocumentReference',
      status: 'current',
      content: [{ attachment: { title: 'b' } }],
      relatesTo: [{ code: 'replaces', target: { reference: `DocumentReference/${first}` } }],
    });
  });
  afterAll(() => app.stop());

  it.each([
    ['Patient?gender:missing=true', ['dan']],
    ['Patient?gender:missing=false', ['carla']],
    ['Patient?birthdate:missing=true', ['carla']],
    ['Patient?general-practitioner:missing=true', ['dan']],
    ['Patient?name:missing=true', ['carla', 'dan']],
    ['Observation?code:missing=true', []],
    ['Observation?subject:missing=false', ['words']],
    ['Observation?value-quantity:missing=false', []],
    ['Observation?component-value-quantity:missing=false', ['pressure']],
    ['Observation?combo-code-value-quantity:missing=false', ['pressure']],
  ])('what is there and what is not: %s', async (path, expected) => {
    expect(await sorted(`/${path}`)).toEqual(expected);
  });

  it.each([
    [`Patient?identifier:of-type=${IDENTIFIER_TYPES}|MR|4711`, ['carla']],
    [`Patient?identifier:of-type=${IDENTIFIER_TYPES}|SS|4711`, ['dan']],
    ['Patient?identifier:of-type=|SS|4711', ['dan']],
    [`Patient?identifier:of-type=${IDENTIFIER_TYPES}|MR|1`, []],
    ['Patient?identifier:text=record', ['carla']],
    ['Patient?general-practitioner:identifier=urn:npi|7', ['carla']],
    ['Patient?general-practitioner:identifier=urn:npi|8', []],
    ['Observation?code:text=pressure', ['pressure']],
    ['Observation?code:text=BLOOD', ['pressure']],
    ['Observation?code:text=only', ['words']],
    ['ValueSet?url:below=http://x.example/fhir', ['valueset']],
    ['ValueSet?url:below=http://x.example/fh', []],
    ['ValueSet?url:above=http://x.example/fhir/ValueSet/pain/severe', ['valueset']],
    ['QuestionnaireResponse?questionnaire=http://x.example/Questionnaire/pain', ['answers']],
    ['QuestionnaireResponse?questionnaire=http://x.example/Questionnaire/pain|2', ['answers']],
    ['QuestionnaireResponse?questionnaire=http://x.example/Questionnaire/pain|1', []],
  ])('what goes with the values: %s', async (path, expected) => {
    expect(await sorted(`/${path}`)).toEqual(expected);
  });

  it.each([
    [`component-code-value-quantity=${LOINC}|8480-6$gt140`, ['pressure']],
    [`component-code-value-quantity=${LOINC}|8462-4$gt140`, []],
    [`component-code-value-quantity=8462-4$80|${UCUM}|mm[Hg]`, ['pressure']],
    ['combo-code-value-quantity=8480-6$150||mmHg,nothing$1', ['pressure']],
    [`code-value-concept=${LOINC}|72166-2$http://snomed.info/sct|8517006`, ['smoking']],
    [`code-value-concept=${LOINC}|72166-2$other`, []],
    ['code-value-string=diary$slept', ['diary']],
    ['code-value-date=onset$2024-03', ['onset']],
    ['code-value-date=onset$gt2024-04', []],
  ])('values that stand together: Observation?%s', async (query, expected) => {
    expect(await sorted(`/Observation?${query}`)).toEqual(expected);
  });

  it('values that stand together in other types', async () => {
    expect(await sorted('/Group?characteristic-value=smoker$true')).toEqual(['adults']);
    expect(await sorted('/Group?characteristic-value=smoker$female')).toEqual([]);
    expect(await sorted('/MolecularSequence?chromosome-variant-coordinate=7$ge120$le121')).toEqual(['sequence']);
    expect(await sorted('/MolecularSequence?chromosome-variant-coordinate=7$150$121')).toEqual([]);
    expect(await sorted('/MolecularSequence?chromosome-window-coordinate=7$lt150$gt150')).toEqual(['sequence']);
    expect(await sorted('/ValueSet?context-type-quantity=age$gt60')).toEqual(['valueset']);
    expect(await sorted(`/DocumentReference?relationship=replaces$DocumentReference/${known.ids['first-draft']}`)).toEqual(['second-draft']);
  });

  it('keeps composites true when a resource changes', async () => {
    const id = known.ids['smoking'] ?? '';
    const smoking = (await client.get(`/Observation/${id}`)).body;
    await client.put(`/Observation/${id}`, { ...smoking, valueCodeableConcept: { coding: [{ code: 'never' }] } });
    expect(await sorted('/Observation?code-value-concept=72166-2$8517006')).toEqual([]);
    expect(await sorted('/Observation?code-value-concept=72166-2$never')).toEqual(['smoking']);
  });

  it.each([
    'Patient?gender:missing=perhaps',
    'Patient?gender:of-type=a|b|c',
    'Patient?identifier:of-type=a|b',
    'Patient?birthdate:exact=2020',
    'Observation?code-value-quantity=x',
    'Observation?code-value-quantity=x$much',
    'Observation?code-value-quantity:not=x$1',
    'Observation?_sort=code-value-quantity',
  ])('refuses %s', async (path) => {
    const reply = await client.get<OperationOutcome>(`/${path}`);
    expect([reply.status, reply.body.issue?.[0]?.severity]).toEqual([400, 'error']);
  });
});
