import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { sharePatient } from '@cairn/fhir';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';

const ANNA: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: '4711' }],
  name: [{ family: 'Müller-Lang', given: ['Anna', 'Zoë'] }],
  gender: 'female',
  birthDate: '1970-05-07',
  telecom: [{ system: 'phone', value: '+1 202 555 0143' }, { system: 'email', value: 'Anna@example.org' }],
  address: [{ line: ['1 Main Street'], city: 'Springfield', postalCode: '01101' }],
};
const { identifier: _identifier, ...DEMOGRAPHICS } = ANNA;
const { telecom: _telecom, ...UNREACHABLE } = DEMOGRAPHICS;

describe('Patient/$match', () => {
  let app: TestApp;
  let clinic: FhirClient;
  let east: FhirClient;
  let west: FhirClient;
  let anna: string;
  let twin: string;

  const match = (client: FhirClient, patient: Patient, more: object[] = []): Promise<FhirReply<Bundle>> =>
    client.post<Bundle>('/Patient/$match', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: patient }, ...more] });
  const graded = ({ body }: FhirReply<Bundle>): [string | undefined, string | undefined, number | undefined][] =>
    (body.entry ?? []).map(({ resource, search }) => [resource?.id, search?.extension?.find(({ url }) => url === GRADE)?.valueCode, search?.score]);
  const ONLY_CERTAIN = [{ name: 'onlyCertainMatches', valueBoolean: true }];

  beforeAll(async () => {
    app = await startTestApp();
    clinic = new FhirClient(app, await app.asSystem('system/*.cruds'));
    east = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: EAST }));
    west = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: WEST }));
    anna = await east.create(ANNA);
    twin = await east.create({ ...UNREACHABLE, name: [{ family: 'Müller-Lang', given: ['Berta'] }], identifier: [{ system: 'urn:mrn', value: '4712' }] });
    await east.create({ resourceType: 'Patient', name: [{ family: 'Elsewhere', given: ['Otto'] }], birthDate: '1970-05-07' });
  }, 90_000);
  afterAll(() => app.stop());

  it('is certain of a namespaced identifier', async () => {
    const found = await match(clinic, { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '4711' }] });
    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 });
    expect(graded(found)).toEqual([[anna, 'certain', 1]]);
    expect(found.body.entry?.[0]?.search?.mode).toBe('match');
  });

  it('does not take the same value in another namespace, in none, or one that no longer holds for it', async () => {
    for (const identifier of [{ system: 'urn:other', value: '4711' }, { value: '4711' }, { system: 'urn:mrn', value: '4711', use: 'old' as const }]) {
      expect(graded(await match(clinic, { resourceType: 'Patient', identifier: [identifier] }))).toEqual([]);
    }
  });

  it('leaves to a person an identifier that name and birth date contradict', async () => {
    const found = await match(clinic, { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '4711' }], name: [{ family: 'Quite', given: ['Other'] }], birthDate: '1999-01-01' });
    expect(graded(found)).toEqual([[anna, 'probable', 0.75]]);
  });

  it('weighs demographics, the likeliest first', async () => {
    const found = graded(await match(clinic, DEMOGRAPHICS));
    expect(found[0]).toEqual([anna, 'certain', 1]);
    expect(found[1]?.slice(0, 2)).toEqual([twin, 'possible']);
    expect(found).toHaveLength(2);
  });

  it('finds them by what is written a little differently', async () => {
    const small: Patient = { resourceType: 'Patient', name: [{ family: 'MULLER LANG', given: ['anna'] }], birthDate: '1970-05-07', telecom: [{ system: 'phone', value: '(202) 555-0143' }] };
    expect(graded(await match(clinic, small))[0]?.slice(0, 2)).toEqual([anna, 'certain']);
    const exchanged: Patient = { ...small, name: [{ family: 'Muller-Lamg', given: ['Anna'] }], birthDate: '1970-07-05' };
    expect(graded(await match(clinic, exchanged))[0]?.slice(0, 2)).toEqual([anna, 'possible']);
    const byName: Patient = { resourceType: 'Patient', name: [{ family: 'Müller-Lang', given: ['Anna'] }], gender: 'female', telecom: [{ system: 'email', value: 'anna@example.org' }] };
    expect(graded(await match(clinic, byName))[0]?.slice(0, 2)).toEqual([anna, 'possible']);
  });

  it('answers only what is certain where that is asked, and nothing where it is not certain of one', async () => {
    expect(graded(await match(clinic, DEMOGRAPHICS, ONLY_CERTAIN))).toEqual([[anna, 'certain', 1]]);
    const { address: _address, ...unreachable } = UNREACHABLE;
    expect(graded(await match(clinic, unreachable, ONLY_CERTAIN))).toEqual([]);
    const both: Patient = { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '4711' }, { system: 'urn:mrn', value: '4712' }] };
    expect(graded(await match(clinic, both))).toHaveLength(2);
    expect(graded(await match(clinic, both, ONLY_CERTAIN))).toEqual([]);
  });

  it('answers as many as are asked for', async () => {
    expect(graded(await match(clinic, DEMOGRAPHICS, [{ name: 'count', valueInteger: 1 }]))).toEqual([[anna, 'certain', 1]]);
  });

  it('never tells a hospital of a patient who is known through another one alone', async () => {
    const stranger: Patient = { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '0' }], name: [{ family: 'Nobody', given: ['Known'] }], birthDate: '1901-01-01' };
    const shape = ({ status, text, headers }: FhirReply<Bundle>) => [status, text.replaceAll(headers.get('x-correlation-id') ?? '?', '')];
    const none = shape(await match(west, stranger));
    for (const more of [[], ONLY_CERTAIN]) expect(shape(await match(west, ANNA, more))).toEqual(none);
    const own = await west.create(ANNA);
    expect(graded(await match(west, ANNA))).toEqual([[own, 'certain', 1]]);
    expect(graded(await match(east, ANNA, ONLY_CERTAIN))).toEqual([[anna, 'certain', 1]]);
    expect(graded(await match(clinic, ANNA)).map(([id]) => id)).toEqual(expect.arrayContaining([anna, own]));
    await app.transactions.run(app.scope(), (tx) => sharePatient(tx, WEST, twin));
    expect(graded(await match(west, { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '4712' }] }))).toEqual([[twin, 'certain', 1]]);
    await clinic.delete(`/Patient/${own}`);
    expect(graded(await match(west, ANNA)).map(([id]) => id)).not.toContain(own);
  });

  it('asks for the scope to read and search Patients, and heeds its query', async () => {
    for (const scopes of ['system/Patient.r', 'system/Patient.s', 'system/Observation.rs']) {
      expect((await match(new FhirClient(app, await app.asSystem(scopes)), ANNA)).status).toBe(403);
    }
    expect(graded(await match(new FhirClient(app, await app.asSystem('system/Patient.rs?gender=male')), ANNA))).toEqual([]);
    expect(graded(await match(new FhirClient(app, await app.asSystem('system/Patient.rs?gender=female')), ANNA))).not.toEqual([]);
  });

  it('leaves a trace of who was told of whom', async () => {
    await match(clinic, { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '4711' }] });
    const rows = await app.transactions.read(app.scope(), (tx) =>
      tx.query<{ patients: string[] }>(`select patients from audit where what = 'fhir.$match' order by recorded_at desc limit 1`),
    );
    expect(rows[0]?.patients).toEqual([anna]);
  });

  it.each<[string, object | undefined]>([
    ['a Patient alone', ANNA],
    ['another resource', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: { resourceType: 'Group', type: 'person', actual: true } }] }],
    ['no resource', { resourceType: 'Parameters', parameter: [{ name: 'count', valueInteger: 3 }] }],
    ['a wrong count', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: ANNA }, { name: 'count', valueInteger: 0 }] }],
    ['a Patient that is not valid', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: { resourceType: 'Patient', birthDate: 'soon' } }] }],
  ])('refuses %s and says what is wrong', async (_what, body) => {
    const { status, body: outcome } = await clinic.post<OperationOutcome>('/Patient/$match', body ?? {});
    expect(status).toBe(400);
    expect(outcome.issue[0]?.expression?.[0]).toBeTruthy();
  });

  it('survives a Patient with very many values, and finds by indexes alone', async () => {
    const many = Array.from({ length: 500 }, (_, n) => String(n));
    const found = await match(clinic, {
      resourceType: 'Patient',
      identifier: many.map((value) => ({ system: 'urn:x', value })),
      name: many.map((value) => ({ family: `F${value}`, given: [`G${value}`] })),
      telecom: many.map((value) => ({ system: 'phone', value: `+1202555${value}` })),
    });
    expect([found.status, found.body.total]).toEqual([200, 0]);
    expect((await clinic.get('/Patient/$match')).status).toBe(400);
  });
});
