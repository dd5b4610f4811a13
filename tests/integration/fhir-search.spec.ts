import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { FhirStore } from '@cairn/fhir';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

describe('searching the FHIR store', () => {
  let app: TestApp;
  let client: FhirClient;
  const ids: Record<string, string> = {};

  const make = async (name: string, resource: Resource): Promise<string> => (ids[name] = await client.create(resource));
  const named = (found: readonly string[]): string[] => found.map((id) => Object.entries(ids).find(([, value]) => value === id)?.[0] ?? id);
  const search = async (path: string): Promise<string[]> => named(await client.ids(path));
  const sorted = async (path: string): Promise<string[]> => (await search(path)).sort();

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    const anna = await make('anna', {
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
    const ben = await make('ben', {
      resourceType: 'Patient',
      gender: 'male',
      birthDate: '1980',
      name: [{ family: 'Mullerson', given: ['Ben'] }],
      identifier: [{ system: 'urn:b', value: '1' }, { value: 'bare' }],
      deceasedBoolean: true,
    });
    const doctor = await make('doctor', { resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    const observation = (patient: string, day: string, value: number, code = '72514-3'): Observation => ({
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: LOINC, code }] },
      subject: { reference: `Patient/${patient}` },
      performer: [{ reference: `Practitioner/${doctor}` }],
      effectiveDateTime: day,
      valueQuantity: { value, unit: 'points', system: UCUM, code: '{score}' },
    });
    await make('anna-may', observation(anna, '2024-05-10', 7));
    await make('anna-june', observation(anna, '2024-06-10T10:00:00Z', 5.4));
    await make('anna-july', observation(anna, '2024-07', 3));
    await make('anna-weight', observation(anna, '2024-06-11', 70, '29463-7'));
    await make('ben-june', observation(ben, '2024-06-09', 6));
    await make('group', { resourceType: 'Observation', status: 'preliminary', code: { text: 'about a group' }, subject: { reference: `Group/${anna}` } });
    await make('condition', {
      resourceType: 'Condition',
      subject: { reference: `Patient/${anna}` },
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      code: { coding: [{ system: 'http://snomed.info/sct', code: '82423001' }] },
      onsetPeriod: { start: '2020-01' },
    });
    await make('risk', {
      resourceType: 'RiskAssessment',
      status: 'final',
      subject: { reference: `Patient/${anna}` },
      prediction: [{ probabilityDecimal: 0.8, outcome: { text: 'x' } }],
    });
    await make('valueset', { resourceType: 'ValueSet', status: 'active', url: 'http://x.example/vs', version: '1' });
  });
  afterAll(() => app.stop());

  describe('by token', () => {
    it.each([
      ['Patient?identifier=urn:a|1', ['anna']],
      ['Patient?identifier=1', ['anna', 'ben']],
      ['Patient?identifier=urn:b|', ['ben']],
      ['Patient?identifier=|bare', ['ben']],
      ['Patient?identifier=|1', []],
      ['Patient?identifier=urn:a|1,urn:b|1', ['anna', 'ben']],
      ['Patient?gender=female', ['anna']],
      ['Patient?gender=http://hl7.org/fhir/administrative-gender|female', ['anna']],
      ['Patient?active=true', ['anna']],
      ['Patient?deceased=true', ['ben']],
      ['Patient?deceased=false', ['anna']],
      ['Patient?phone=%2B15550100', ['anna']],
      ['Patient?_tag=urn:tags|pilot', ['anna']],
      ['Patient?gender:not=female', ['ben']],
      [`Observation?code=${LOINC}|72514-3&status=final`, ['anna-july', 'anna-june', 'anna-may', 'ben-june']],
      ['Observation?code:not=72514-3', ['anna-weight', 'group']],
      ['Condition?clinical-status=active&code=http://snomed.info/sct|82423001', ['condition']],
    ])('%s', async (path, expected) => {
      expect(await sorted(`/${path}`)).toEqual(expected);
    });
  });

  describe('by string', () => {
    it.each([
      ['Patient?name=mull', ['anna', 'ben']],
      ['Patient?family=MÜLLER', ['anna', 'ben']],
      ['Patient?family:exact=Müller', ['anna']],
      ['Patient?family:exact=muller', []],
      ['Patient?family:contains=lers', ['ben']],
      ['Patient?given=zoe', ['anna']],
      ['Patient?address=lang', ['anna']],
      ['Patient?address-city=zurich', ['anna']],
      ['Patient?name=anna,ben', ['anna', 'ben']],
      ['Patient?name=anna&name=mull', ['anna']],
      ['Patient?name=%25', []],
      ['Patient?name=\\,', []],
    ])('%s', async (path, expected) => {
      expect(await sorted(`/${path}`)).toEqual(expected);
    });
  });

  describe('by reference', () => {
    it.each([
      [() => `Observation?patient=${ids['anna']}`, ['anna-july', 'anna-june', 'anna-may', 'anna-weight']],
      [() => `Observation?subject=Patient/${ids['anna']}&code=72514-3`, ['anna-july', 'anna-june', 'anna-may']],
      [() => `Observation?subject=${ids['anna']}`, ['anna-july', 'anna-june', 'anna-may', 'anna-weight', 'group']],
      [() => `Observation?subject:Group=${ids['anna']}`, ['group']],
      [() => `Observation?subject=${app.url}/fhir/Patient/${ids['ben']}`, ['ben-june']],
      [() => `Observation?subject=Patient/${ids['ben']},Patient/${ids['anna']}&code=29463-7`, ['anna-weight']],
      [() => `Observation?performer=Practitioner/${ids['doctor']}&patient=${ids['ben']}`, ['ben-june']],
      [() => `Observation?patient=nobody`, []],
      [() => `Condition?patient=Patient/${ids['anna']}`, ['condition']],
    ])('case %#', async (path, expected) => {
      expect(await sorted(`/${path()}`)).toEqual(expected);
    });
  });

  describe('by date', () => {
    it.each([
      ['Patient?birthdate=1970-05-17', ['anna']],
      ['Patient?birthdate=1970', ['anna']],
      ['Patient?birthdate=1980-05', []],
      ['Patient?birthdate=ge1980', ['ben']],
      ['Patient?birthdate=lt1980', ['anna']],
      ['Patient?birthdate=ne1970', ['ben']],
      ['Observation?date=2024-06', ['anna-june', 'anna-weight', 'ben-june']],
      ['Observation?date=ge2024-06-10&date=lt2024-07', ['anna-june', 'anna-weight']],
      ['Observation?date=gt2024-06-11', ['anna-july']],
      ['Observation?date=sa2024-06-10', ['anna-july', 'anna-weight']],
      ['Observation?date=eb2024-06-10', ['anna-may', 'ben-june']],
      ['Observation?date=le2024-05-10', ['anna-may']],
      ['Observation?date=2024-06-10T10:00:00Z', ['anna-june']],
      ['Observation?date=2024-06-10T12:00:00%2B02:00', ['anna-june']],
      ['Condition?onset-date=ge2023', ['condition']],
      ['Condition?onset-date=lt2020', []],
    ])('%s', async (path, expected) => {
      expect(await sorted(`/${path}`)).toEqual(expected);
    });
  });

  describe('by number, quantity and uri', () => {
    it.each([
      ['Observation?value-quantity=5.4', ['anna-june']],
      ['Observation?value-quantity=5', ['anna-june']],
      ['Observation?value-quantity=5.40', ['anna-june']],
      ['Observation?value-quantity=5.5', []],
      [`Observation?value-quantity=gt5|${UCUM}|{score}`, ['anna-june', 'anna-may', 'anna-weight', 'ben-june']],
      ['Observation?value-quantity=le5.4||points', ['anna-july', 'anna-june']],
      ['Observation?value-quantity=le5.4||other', []],
      ['Observation?value-quantity=ap6', ['anna-june', 'ben-june']],
      ['RiskAssessment?probability=gt0.5', ['risk']],
      ['RiskAssessment?probability=0.8', ['risk']],
      ['RiskAssessment?probability=lt0.8', []],
      ['ValueSet?url=http://x.example/vs', ['valueset']],
      ['ValueSet?url=http://x.example', []],
    ])('%s', async (path, expected) => {
      expect(await sorted(`/${path}`)).toEqual(expected);
    });
  });

  describe('by what is common to all', () => {
    it('finds ids and times of change', async () => {
      expect(await sorted(`/Patient?_id=${ids['anna']},${ids['ben']},none`)).toEqual(['anna', 'ben']);
      expect(await search(`/Patient?_id=${ids['anna']}&gender=male`)).toEqual([]);
      expect(await sorted('/Patient?_lastUpdated=ge2020')).toEqual(['anna', 'ben']);
      expect(await search('/Patient?_lastUpdated=lt2020')).toEqual([]);
    });

    it('finds a new value at once and an old one no more', async () => {
      const id = await make('moving', { resourceType: 'Patient', name: [{ family: 'Before' }], identifier: [{ system: 'urn:m', value: 'same' }] });
      await client.put(`/Patient/${id}`, { resourceType: 'Patient', id, name: [{ family: 'After' }], identifier: [{ system: 'urn:m', value: 'same' }] });
      expect(await search('/Patient?family=before')).toEqual([]);
      expect(await search('/Patient?family=after')).toEqual(['moving']);
      expect(await search('/Patient?identifier=urn:m|same')).toEqual(['moving']);
      await client.delete(`/Patient/${id}`);
      expect(await search('/Patient?identifier=urn:m|same')).toEqual([]);
    });

    it('moves a resource to another patient with all that leads to it', async () => {
      const id = await make('moved', { resourceType: 'Observation', status: 'final', code: { coding: [{ code: 'mv' }] }, subject: { reference: `Patient/${ids['anna']}` } });
      await client.put(`/Observation/${id}`, { resourceType: 'Observation', id, status: 'final', code: { coding: [{ code: 'mv' }] }, subject: { reference: `Patient/${ids['ben']}` } });
      expect(await search(`/Observation?patient=${ids['anna']}&code=mv`)).toEqual([]);
      expect(await search(`/Observation?patient=${ids['ben']}&code=mv`)).toEqual(['moved']);
      await client.delete(`/Observation/${id}`);
    });
  });

  describe('order and pages', () => {
    it('follows the keys asked for, with what has no value last', async () => {
      expect(await search(`/Observation?subject=${ids['anna']}&_sort=date`)).toEqual(['anna-may', 'anna-june', 'anna-weight', 'anna-july', 'group']);
      expect(await search(`/Observation?patient=${ids['anna']}&_sort=-date`)).toEqual(['anna-july', 'anna-weight', 'anna-june', 'anna-may']);
      expect(await search('/Patient?_sort=-birthdate')).toEqual(['ben', 'anna']);
      expect(await search('/Patient?_sort=family')).toEqual(['anna', 'ben']);
      expect(await search('/Observation?_sort=-value-quantity')).toEqual(['anna-weight', 'anna-may', 'ben-june', 'anna-june', 'anna-july', 'group']);
      expect(await search('/Observation?_sort=code,-date')).toEqual(['anna-weight', 'anna-july', 'anna-june', 'ben-june', 'anna-may', 'group']);
      expect(await search('/Observation?_sort=-_lastUpdated,_id')).toHaveLength(6);
    });

    it.each(['', '&_sort=date', '&_sort=-date', '&_sort=-value-quantity,date', '&_sort=code,_lastUpdated', '&_sort=-_id'])('are the same page by page (%s)', async (sort) => {
      const whole = await search(`/Observation?_count=1000${sort}`);
      for (const count of [1, 2, 5]) expect(await search(`/Observation?_count=${count}${sort}`)).toEqual(whole);
    });

    it('neither skips nor repeats while others write', async () => {
      const mark = 'paged';
      for (let n = 0; n < 6; n++) await client.create({ resourceType: 'Basic', code: { coding: [{ code: mark }] }, identifier: [{ value: String(n) }] });
      const first = await client.get<Bundle>(`/Basic?code=${mark}&_count=3`);
      await client.create({ resourceType: 'Basic', code: { coding: [{ code: mark }] } });
      await client.delete(`/Basic/${first.body.entry?.[1]?.resource?.id}`);
      const next = first.body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '') ?? '';
      const rest = await client.ids(next);
      expect(rest).toHaveLength(4);
      const seen = (first.body.entry ?? []).map(({ resource }) => resource?.id);
      expect(rest.filter((id) => seen.includes(id))).toEqual([]);
    });

    it('say what was done: links, totals, a count that is capped', async () => {
      const page = await client.get<Bundle>('/Observation?status=final&_count=2&_total=accurate&_format=json');
      expect(page.body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 5 });
      const link = (relation: string) => page.body.link?.find((each) => each.relation === relation)?.url ?? '';
      expect(link('self')).toBe(`${app.url}/fhir/Observation?status=final&_count=2&_total=accurate`);
      expect(link('next')).toMatch(/_count=2/);
      expect(page.body.entry?.[0]?.fullUrl).toMatch(`${app.url}/fhir/Observation/`);
      expect((await client.get<Bundle>('/Observation?_count=5000')).body.link?.[0]?.url).toContain('_count=1000');
      expect((await client.get<Bundle>('/Observation?_summary=count&status=final')).body).toMatchObject({ total: 5 });
      expect((await client.get<Bundle>('/Observation?_count=0&status=final')).body.entry).toBeUndefined();
    });
  });

  describe('what belongs together', () => {
    const modes = async (path: string): Promise<Record<string, string[]>> => {
      const { body } = await client.get<Bundle>(path);
      const result: Record<string, string[]> = { match: [], include: [] };
      for (const { search: found, resource } of body.entry ?? []) result[found?.mode ?? '']?.push(...named([resource?.id ?? '']));
      return { match: result['match']?.sort() ?? [], include: result['include']?.sort() ?? [] };
    };

    it('comes along by _include and _revinclude', async () => {
      expect(await modes('/Observation?value-quantity=5.4&_include=Observation:subject&_include=Observation:performer:Practitioner')).toEqual({
        match: ['anna-june'],
        include: ['anna', 'doctor'],
      });
      expect(await modes('/Observation?value-quantity=5.4&_include=Observation:*')).toEqual({ match: ['anna-june'], include: ['anna', 'doctor'] });
      expect(await modes(`/Patient?_id=${ids['anna']}&_revinclude=Observation:patient&_revinclude=Condition:subject`)).toEqual({
        match: ['anna'],
        include: ['anna-july', 'anna-june', 'anna-may', 'anna-weight', 'condition'],
      });
      expect(await modes('/Observation?value-quantity=5.4&_include=Observation:encounter')).toEqual({ match: ['anna-june'], include: [] });
    });
  });

  describe('what is asked wrongly', () => {
    it('ignores unknown parameters and says so, unless they are to be refused', async () => {
      const lenient = await client.get<Bundle>('/Patient?colour=red&gender=male');
      expect(lenient.body.entry?.map(({ search: found }) => found?.mode)).toEqual(['match', 'outcome']);
      expect((lenient.body.entry?.[1]?.resource as OperationOutcome).issue[0]?.diagnostics).toContain('colour');
      expect(lenient.body.link?.[0]?.url).not.toContain('colour');
      const strict = await client.get<OperationOutcome>('/Patient?colour=red', { prefer: 'handling=strict' });
      expect([strict.status, strict.body.issue?.[0]?.expression]).toEqual([400, ['colour']]);
    });

    it.each([
      'Patient?birthdate=yesterday',
      'Patient?birthdate=ge2024-13',
      'Observation?value-quantity=much',
      'Observation?value-quantity=gt1e999',
      'RiskAssessment?probability=half',
      'Patient?_count=many',
      'Patient?_count=-1',
      'Patient?_sort=shoe-size',
      'Patient?_include=Patient',
      'Patient?_include=Patient:name',
      'Patient?_include=Nothing:x',
      'Patient?_total=perhaps',
      'Patient?_cursor=nonsense',
      `Patient?_cursor=${Buffer.from('["a","b"]').toString('base64url')}`,
      `Patient?_cursor=${Buffer.from('["\\u0000"]').toString('base64url')}`,
      `Patient?_sort=birthdate&_cursor=${Buffer.from('["soon","1"]').toString('base64url')}`,
      'Patient?name:fuzzy=x',
      'Patient?name=%00',
      'Observation?subject:Nothing=x',
      'Observation?patient.name=x',
      'Patient?_has:Observation:patient:code=x',
    ])('refuses %s', async (path) => {
      const reply = await client.get<OperationOutcome>(`/${path}`);
      expect(reply.status).toBe(400);
      expect(reply.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] });
    });

    it('refuses a thousand values for one parameter', async () => {
      expect((await client.get(`/Patient?identifier=${'1,'.repeat(999)}1`)).status).toBe(400);
    });

    it.each(["' or 1=1 --", '$1', '\\', '");drop table fhir_resource;--', '{}', '%', '_', '\u{10FFFF}', ','.repeat(50), '|||', '$$$'])('takes %s as the text that it is', async (text) => {
      for (const parameter of ['name', 'identifier', 'family:exact', 'family:contains', 'gender', '_id', 'organization', '_tag', '_profile']) {
        const reply = await client.get<Bundle>(`/Patient?${parameter}=${encodeURIComponent(text)}`);
        expect(reply.status).toBe(200);
      }
    });
  });

  it('is the same by POST', async () => {
    const response = await fetch(`${app.url}/fhir/Patient/_search?gender=female`, {
      method: 'POST',
      headers: { authorization: client.authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'family=m%C3%BCller',
    });
    const body = (await response.json()) as Bundle;
    expect(body.entry?.map(({ resource }) => resource?.id)).toEqual([ids['anna']]);
  });

  it('serves features inside their own transactions', async () => {
    const store = app.get(FhirStore);
    await app.transactions.run(app.scope(), async (tx) => {
      const found = await store.search(tx, 'Observation', { patient: `Patient/${ids['anna']}`, code: ['72514-3', `${LOINC}|`], _sort: '-date' });
      expect(found.map(({ id }) => named([id])[0])).toEqual(['anna-july', 'anna-june', 'anna-may']);
      expect(await store.count(tx, 'Observation', { patient: ids['anna'] })).toBe(4);
      await expect(store.search(tx, 'Observation', { colour: 'red' })).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
});
