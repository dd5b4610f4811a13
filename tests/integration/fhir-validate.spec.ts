import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';

const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition';
const observation = { resourceType: 'Observation', status: 'final', code: { text: 'pain' } };

describe('$validate', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  type Told = readonly [severity: string, code: string, element: string | undefined];
  const told = ({ status, body }: FhirReply<OperationOutcome>): Told[] => {
    expect([status, body.resourceType]).toEqual([200, 'OperationOutcome']);
    return (body.issue ?? []).map(({ severity, code, expression, diagnostics }) => {
      expect(diagnostics).toEqual(expect.stringMatching(/\w/));
      return [severity, code, expression?.[0]];
    });
  };
  const validate = async (resource: object, query = ''): Promise<Told[]> => {
    const { resourceType } = resource as Resource;
    return told(await client.post<OperationOutcome>(`/${resourceType}/$validate${query}`, resource));
  };
  const errors = (notes: readonly Told[]): (string | undefined)[] => notes.filter(([severity]) => severity === 'error').map(([, , element]) => element);
  const NOTHING_WRONG = ['warning', 'invariant', expect.any(String)];

  it('says that nothing is wrong, but for advice', async () => {
    expect(await validate(observation)).toEqual([NOTHING_WRONG]);
    expect(await validate({ ...observation, text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Pain</div>' } })).toEqual([['information', 'informational', undefined]]);
  });

  it('lists every fault with severity, kind and element', async () => {
    const faults = await validate({ resourceType: 'Patient', colour: 'red', gender: 'x', birthDate: 'soon', name: [{ family: 7 }], contact: [{ gender: 'male' }] });
    expect(faults).toEqual([
      ['error', 'structure', 'Patient.colour'],
      ['error', 'code-invalid', 'Patient.gender'],
      ['error', 'value', 'Patient.birthDate'],
      ['error', 'structure', 'Patient.name[0].family'],
    ]);
    expect(errors(await validate({ resourceType: 'Patient', gender: 'x', contact: [{ gender: 'male' }] }))).toEqual(['Patient.gender', 'Patient.contact[0]']);
  });

  it('stores nothing', async () => {
    const before = (await client.get<Bundle>('/Observation?_summary=count')).body.total;
    await validate(observation, '?mode=create');
    expect((await client.get<Bundle>('/Observation?_summary=count')).body.total).toBe(before);
  });

  it('takes the resource in Parameters too, with mode and profile', async () => {
    const parameters = (resource: object, ...more: object[]): object => ({ resourceType: 'Parameters', parameter: [{ name: 'resource', resource }, ...more] });
    const wrong = { ...observation, status: 'finished' };
    expect(errors(told(await client.post('/Observation/$validate', parameters(wrong))))).toEqual(['Observation.status']);
    const named = parameters({ resourceType: 'Patient' }, { name: 'mode', valueCode: 'profile' }, { name: 'profile', valueUri: `${US_CORE}/us-core-patient` });
    expect(errors(told(await client.post('/Patient/$validate', named)))).toEqual(expect.arrayContaining(['Patient.name', 'Patient.gender']));
    for (const [name, value] of [['mode', { valueCode: 'wish' }], ['profile', { valueInteger: 1 }]] as const) {
      expect((await client.post('/Observation/$validate', parameters(observation, { name, ...value }))).status).toBe(400);
    }
    expect((await client.post('/Observation/$validate', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: 7 }] })).status).toBe(400);
    expect((await client.post('/Observation/$validate', { resourceType: 'Parameters' })).status).toBe(400);
  });

  it('validates what is stored', async () => {
    const id = await client.create(observation as Resource);
    expect(told(await client.get(`/Observation/${id}/$validate`))).toEqual([NOTHING_WRONG]);
    expect(errors(told(await client.get(`/Observation/${id}/$validate?profile=${US_CORE}/us-core-smokingstatus`)))).toContain('Observation.subject');
    expect((await client.get('/Observation/nobody/$validate')).status).toBe(404);
  });

  it('says whether a write would be possible', async () => {
    const id = await client.create(observation as Resource);
    const at = async (path: string, body?: object): Promise<Told[]> => told(await client.post<OperationOutcome>(path, body ?? { resourceType: 'Parameters' }));
    expect(errors(await at(`/Observation/${id}/$validate?mode=update`, { ...observation, id }))).toEqual([]);
    expect(errors(await at(`/Observation/${id}/$validate?mode=update`, { ...observation, id: 'other' }))).toEqual(['id']);
    expect(errors(await at('/Observation/$validate?mode=update', observation))).toEqual(['id']);
    expect(errors(await at('/Observation/new-one/$validate?mode=update', { ...observation, id: 'new-one' }))).toEqual([]);
    expect(errors(await at(`/Observation/${id}/$validate?mode=delete`))).toEqual([]);
    const provenance = { resourceType: 'Provenance', target: [{ reference: `Observation/${id}` }], recorded: '2024-01-01T00:00:00Z', agent: [{ who: { display: 'x' } }] };
    const evidence = await client.create(provenance as Resource);
    expect(await at(`/Provenance/${evidence}/$validate?mode=delete`)).toEqual([['error', 'business-rule', undefined]]);
    expect(errors(await at(`/Observation/$validate`, { resourceType: 'Basic', code: { text: 'x' } }))).toEqual(['resourceType']);
  });

  describe('profiles', () => {
    const patient = { resourceType: 'Patient', identifier: [{ system: 'urn:x', value: '1' }], name: [{ family: 'Field' }], gender: 'female' };
    const race = (part: object[]): object => ({ ...patient, extension: [{ url: `${US_CORE}/us-core-race`, extension: part }] });

    it('of US Core, by version', async () => {
      for (const version of ['', '|5.0.1']) expect(errors(await validate(patient, `?profile=${encodeURIComponent(`${US_CORE}/us-core-patient${version}`)}`))).toEqual([]);
      expect(errors(await validate({ resourceType: 'Patient', gender: 'female' }, `?profile=${US_CORE}/us-core-patient`))).toEqual(expect.arrayContaining(['Patient.identifier', 'Patient.name']));
      const smoking = { ...observation, meta: { profile: [`${US_CORE}/us-core-smokingstatus|7.0.0`] } };
      expect(errors(await validate(smoking))).toEqual(expect.arrayContaining(['Observation.subject', 'Observation.category']));
    });

    it('and the extensions that they name', async () => {
      const asUsCore = `?profile=${US_CORE}/us-core-patient`;
      expect(errors(await validate(race([{ url: 'text', valueString: 'x' }]), asUsCore))).toEqual([]);
      expect(errors(await validate(race([{ url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' } }]), asUsCore))).toContain('Patient.extension[0].extension');
    });

    it("of R4's own, such as vital signs", async () => {
      const weight = 'http://hl7.org/fhir/StructureDefinition/bodyweight';
      expect(errors(await validate({ ...observation, meta: { profile: [weight] } }))).not.toEqual([]);
      const good = {
        resourceType: 'Observation', status: 'final', subject: { reference: 'Patient/x' }, effectiveDateTime: '2024-05-01',
        category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
        code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
        valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
      };
      expect(errors(await validate(good, `?profile=${weight}`))).toEqual([]);
    });

    it('that nobody knows are named: an error where asked for, a warning where claimed', async () => {
      const unknown = ['error', 'not-supported', undefined] as const;
      expect(await validate(observation, '?profile=urn:none')).toContainEqual(unknown);
      expect(await validate(observation, `?profile=${encodeURIComponent(`${US_CORE}/us-core-patient|99`)}`)).toContainEqual(unknown);
      expect(await validate({ ...observation, meta: { profile: ['urn:none'] } })).toContainEqual(['warning', 'not-supported', 'meta.profile']);
      expect(await validate(observation, '?mode=profile')).toContainEqual(['error', 'required', 'meta.profile']);
      expect(errors(await validate(observation, `?profile=${US_CORE}/us-core-patient`))).toEqual(['Observation']);
    });
  });

  it('asks for a right to the type, and is in the CapabilityStatement', async () => {
    const stranger = new FhirClient(app, await app.asSystem('system/Patient.read'));
    expect((await stranger.post('/Observation/$validate', observation)).status).toBe(403);
    expect((await stranger.post('/Patient/$validate', { resourceType: 'Patient' })).status).toBe(200);
    const { body } = await client.get<CapabilityStatement>('/metadata');
    expect(body.rest?.[0]?.resource?.find(({ type }) => type === 'Patient')?.operation?.map(({ name }) => name)).toContain('validate');
    for (const [method, path] of [['PUT', '/Patient/$validate'], ['GET', '/$validate']] as const) expect((await client.send(method, path)).status).toBe(405);
  });
});
