import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { FhirStore } from '@cairn/fhir';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { storeTwoRecords, type KnownResources } from '../support/fhir-records.js';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

describe('searching the FHIR store', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;
  let ids: KnownResources['ids'];

  const search = (path: string): Promise<string[]> => known.search(path);
  const sorted = async (path: string): Promise<string[]> => (await search(path)).sort();

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = await storeTwoRecords(client);
    ids = known.ids;
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
      ['Observation?date=eq2024-06-11', ['anna-weight']],
      ['Observation?date=ap2024-06-10&_lastUpdated=ap2020', []],
      ['Patient?birthdate=ap1971', ['anna']],
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
      ['Observation?value-quantity=eq5.4,ne5.4', ['anna-july', 'anna-june', 'anna-may', 'anna-weight', 'ben-june']],
      ['Observation?value-quantity=ne5.4', ['anna-july', 'anna-may', 'anna-weight', 'ben-june']],
      ['Observation?value-quantity=lt5.4', ['anna-july']],
      ['Observation?value-quantity=ge6', ['anna-may', 'anna-weight', 'ben-june']],
      ['Observation?value-quantity=sa6', ['anna-may', 'anna-weight']],
      ['Observation?value-quantity=eb5.4', ['anna-july']],
      ['RiskAssessment?probability=ne0.8', []],
      ['RiskAssessment?probability=ge0.8&probability=le0.8', ['risk']],
      ['RiskAssessment?probability=sa0.5&probability=eb0.9&probability=ap0.75', ['risk']],
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

    it('finds by what meta says, and whatever _total asks', async () => {
      await known.make('marked', { resourceType: 'Basic', code: { text: 'x' }, meta: { profile: ['http://x.example/Profile/a'], security: [{ system: 'urn:labels', code: 'L' }], source: 'http://x.example/source/1', tag: [{ system: 'urn:tags', code: 't' }] } });
      for (const query of ['_profile=http://x.example/Profile/a', '_profile:below=http://x.example/Profile', '_security=urn:labels|L', '_source=http://x.example/source/1', '_source:below=http://x.example/source', '_tag=t', '_tag:not=other&_security=L']) {
        expect([query, await search(`/Basic?${query}`)]).toEqual([query, ['marked']]);
        expect([query, await search(`/Patient?${query}`)]).toEqual([query, []]);
      }
      for (const [total, known] of [['none', undefined], ['estimate', 2], ['accurate', 2]] as const) expect((await client.get<Bundle>(`/Patient?_count=1&_total=${total}`)).body.total).toBe(known);
    });

    it('finds a new value at once and an old one no more', async () => {
      const id = await known.make('moving', { resourceType: 'Patient', name: [{ family: 'Before' }], identifier: [{ system: 'urn:m', value: 'same' }] });
      await client.put(`/Patient/${id}`, { resourceType: 'Patient', id, name: [{ family: 'After' }], identifier: [{ system: 'urn:m', value: 'same' }] });
      expect(await search('/Patient?family=before')).toEqual([]);
      expect(await search('/Patient?family=after')).toEqual(['moving']);
      expect(await search('/Patient?identifier=urn:m|same')).toEqual(['moving']);
      await client.delete(`/Patient/${id}`);
      expect(await search('/Patient?identifier=urn:m|same')).toEqual([]);
    });

    it('moves a resource to another patient with all that leads to it', async () => {
      const id = await known.make('moved', { resourceType: 'Observation', status: 'final', code: { coding: [{ code: 'mv' }] }, subject: { reference: `Patient/${ids['anna']}` } });
      await client.put(`/Observation/${id}`, { resourceType: 'Observation', id, status: 'final', code: { coding: [{ code: 'mv' }] }, subject: { reference: `Patient/${ids['ben']}` } });
      expect(await search(`/Observation?patient=${ids['anna']}&code=mv`)).toEqual([]);
      expect(await search(`/Observation?patient=${ids['ben']}&code=mv`)).toEqual(['moved']);
      await client.delete(`/Observation/${id}`);
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
      expect(found.map(({ id }) => known.named([id])[0])).toEqual(['anna-july', 'anna-june', 'anna-may']);
      expect(await store.count(tx, 'Observation', { patient: ids['anna'] })).toBe(4);
      await expect(store.search(tx, 'Observation', { colour: 'red' })).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
});
