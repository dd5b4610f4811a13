import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Basic, Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { storeTwoRecords, type KnownResources } from '../support/fhir-records.js';

describe('the results of a search', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;
  let ids: KnownResources['ids'];

  const search = (path: string): Promise<string[]> => known.search(path);

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = await storeTwoRecords(client);
    ids = known.ids;
  });
  afterAll(() => app.stop());

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

    it('asks of dates that it sorts by what it asks of others', async () => {
      const [subject, of] = [{ reference: `Patient/${ids['anna']}` }, `patient=${ids['anna']}&status=active`];
      const request = (...event: string[]) => client.create({ resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject, occurrenceTiming: { event } });
      const twice = await request('2024-01-10', '2024-06-10');
      const once = await request('2024-05-01');
      expect(await client.ids(`/ServiceRequest?${of}&occurrence=ge2024-03&_sort=occurrence`)).toEqual([twice, once]);
      expect(await client.ids(`/ServiceRequest?${of}&occurrence=ge2024-03&_sort=-occurrence`)).toEqual([twice, once]);
      expect(await client.ids(`/ServiceRequest?${of}&occurrence=ge2024-03&occurrence=lt2024-02&_sort=occurrence`)).toEqual([twice]);
      expect(await client.ids(`/ServiceRequest?${of}&occurrence=lt2024-06-01&_sort=-occurrence&_count=1`)).toEqual([twice, once]);
      expect(await client.ids(`/ServiceRequest?${of}&occurrence=gt2025&_sort=occurrence`)).toEqual([]);
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

    it.each(['', '&_sort=_id', '&_sort=-_lastUpdated', '&_sort=identifier,-_id'])('neither skip nor repeat what stays, while another client creates, changes and deletes between any two pages (%s)', async (sort) => {
      const mark = `busy${sort.length}`;
      const basic = (value: string): Basic => ({ resourceType: 'Basic', code: { coding: [{ code: mark }] }, identifier: [{ value }] });
      const staying: string[] = [];
      const moving: string[] = [];
      for (let n = 0; n < 20; n++) {
        staying.push(await client.create(basic(`s-${n}`)));
        moving.push(await client.create(basic(`m-${n}`)));
      }
      let reading = true;
      let writes = 0;
      const writing = (async () => {
        for (let n = 0; reading; n++) {
          const id = moving[n % moving.length] ?? '';
          if (n % 3 === 0) await client.create(basic(`n-${n}`));
          else if (n % 3 === 1) await client.put(`/Basic/${id}`, { ...basic(`c-${n}`), id });
          else await client.delete(`/Basic/${id}`);
          writes++;
        }
      })();
      try {
        const read = await client.ids(`/Basic?code=${mark}&_count=3${sort}`);
        expect(read.filter((id) => staying.includes(id)).sort()).toEqual([...staying].sort());
        // By a key that no write changes, nothing at all comes twice.
        if (sort === '' || sort === '&_sort=_id') expect(new Set(read).size).toBe(read.length);
      } finally {
        reading = false;
        await writing;
      }
      expect(writes).toBeGreaterThan(0);
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
      for (const { search: found, resource } of body.entry ?? []) result[found?.mode ?? '']?.push(...known.named([resource?.id ?? '']));
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
      `Patient?_sort=${Array.from({ length: 11 }, () => 'name').join()}`,
      'Patient?birthdate=2023-02-29',
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
});
