import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Basic, Bundle, Flag, OperationOutcome } from '@medplum/fhirtypes';
import { conflict, invalid } from '@cairn/kernel';
import { FhirCommands, FhirStore, type FhirWrite } from '@cairn/fhir';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

/** Types that no feature of Cairn's own listens to. */
const HEARD = 'Basic';
const KEPT = 'Flag';

describe('what outside systems write is a command', () => {
  let app: TestApp;
  let client: FhirClient;
  let store: FhirStore;
  let calls: (readonly FhirWrite[])[];
  let decide: (writes: readonly FhirWrite[]) => void;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    store = app.get(FhirStore);
    app.get(FhirCommands).register({
      name: 'test',
      types: [HEARD],
      changesOwned: [HEARD],
      handle: async (tx, writes) => {
        calls.push(writes);
        decide(writes);
        for (const { resource, interaction } of writes) {
          if (interaction === 'create' && resource?.resourceType === HEARD && resource.code.text === 'take') {
            await store.claim(tx, HEARD, resource.id ?? '');
            await store.amend(tx, HEARD, resource.id ?? '', (basic) => (basic.code = { text: 'taken' }));
          }
        }
      },
    });
  });
  beforeEach(() => {
    calls = [];
    decide = () => undefined;
  });
  afterAll(() => app.stop());

  const basic = (text: string): Basic => ({ resourceType: HEARD, code: { text } });
  const own = (resource: Basic | Flag) => app.transactions.run(app.scope(), (tx) => store.create(tx, resource));

  it('reaches the feature once for each transaction, with all its writes', async () => {
    const id = await client.create(basic('one'));
    await client.put(`/Basic/${id}`, { ...basic('two'), id });
    await client.delete(`/Basic/${id}`);
    expect(calls.map((writes) => writes.map(({ interaction, version, resource, previous }) => [interaction, version, resource?.id, previous?.id]))).toEqual([
      [['create', 1, id, undefined]],
      [['update', 2, id, id]],
      [['delete', 3, undefined, id]],
    ]);
    calls = [];
    const entry = (text: string) => ({ resource: basic(text), request: { method: 'POST', url: 'Basic' } as const });
    await client.post('', { resourceType: 'Bundle', type: 'transaction', entry: [entry('a'), { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } }, entry('b')] });
    expect(calls.map((writes) => writes.map(({ resource }) => (resource as Basic).code.text))).toEqual([['a', 'b']]);
  });

  it('is undone as a whole when the feature refuses', async () => {
    decide = () => {
      throw conflict('The workflow says no.', { code: 'test.rule' });
    };
    const before = (await client.get<Bundle>('/Patient?_summary=count')).body.total;
    const reply = await client.post<OperationOutcome>('', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        { resource: basic('refused'), request: { method: 'POST', url: 'Basic' } },
      ],
    });
    expect([reply.status, reply.body.issue[0]?.code, reply.body.issue[0]?.details?.coding?.[0]?.code]).toEqual([409, 'conflict', 'test.rule']);
    expect((await client.get<Bundle>('/Patient?_summary=count')).body.total).toBe(before);
    decide = () => {
      throw invalid('Not like this.', { status: 422 });
    };
    expect((await client.post('/Basic', basic('refused'))).status).toBe(422);
  });

  it('is not asked about what a feature itself writes', async () => {
    await own(basic('own'));
    expect(calls).toEqual([]);
  });

  it('answers with what the feature made of it', async () => {
    const reply = await client.post<Basic>('/Basic', '{"resourceType":"Basic","code":{"text":"take"},"extension":[{"url":"u","valueDecimal":1.10}]}');
    expect([reply.status, reply.headers.get('etag'), reply.body.code.text]).toEqual([201, 'W/"2"', 'taken']);
    expect(reply.text).toContain('"valueDecimal":1.10');
    const events = await app.transactions.read(app.scope(), (tx) => tx.query<{ ids: object }>(`select ids from outbox where event = 'fhir.projection-written.Basic' and ids->>'id' = $1`, [reply.body.id]));
    expect(events.map(({ ids }) => ids)).toEqual([{ type: 'Basic', id: reply.body.id, version: '2' }]);
  });

  describe('on what Cairn keeps', () => {
    it('needs the version that was read, and the feature that decides', async () => {
      const { id } = await own(basic('kept'));
      const change = (headers?: Record<string, string>) => client.put<OperationOutcome>(`/Basic/${id}`, { ...basic('changed'), id }, headers);
      expect((await change()).status).toBe(428);
      expect((await change({ 'if-match': 'W/"9"' })).status).toBe(412);
      expect((await client.delete(`/Basic/${id}`)).status).toBe(428);
      decide = ([write]) => {
        expect(write?.owner).toBe('cairn');
        throw conflict('This transition is not legal.', { code: 'basic.no-transition' });
      };
      expect((await change({ 'if-match': 'W/"1"' })).status).toBe(409);
      decide = () => undefined;
      expect((await change({ 'if-match': 'W/"1"' })).status).toBe(200);
      expect((await client.get<Basic>(`/Basic/${id}`)).body.code.text).toBe('changed');
      // It is still Cairn's.
      expect((await change()).status).toBe(428);
    });

    it('is refused where no feature decides', async () => {
      const { id } = await own({ resourceType: KEPT, status: 'active', code: { text: 'x' }, subject: { reference: 'Patient/x' } });
      const reply = await client.put<OperationOutcome>(`/Flag/${id}`, { resourceType: KEPT, id, status: 'inactive', code: { text: 'x' }, subject: { reference: 'Patient/x' } }, { 'if-match': 'W/"1"' });
      expect([reply.status, reply.body.issue[0]?.details?.coding?.[0]?.code]).toEqual([403, 'owned-by-cairn']);
      expect((await client.delete(`/Flag/${id}`, { 'if-match': 'W/"1"' })).status).toBe(403);
    });

    it('lets one of two changes at the same moment through', async () => {
      const { id } = await own(basic('raced'));
      const statuses = (await Promise.all([1, 2, 3].map((n) => client.put(`/Basic/${id}`, { ...basic(`racer ${n}`), id }, { 'if-match': 'W/"1"' })))).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => ![200, 409, 412].includes(status))).toEqual([]);
    });
  });

  it('leaves the features a store of their own', async () => {
    await app.transactions.run(app.scope(), async (tx) => {
      const made = await store.create(tx, { resourceType: 'Basic', code: { text: 'v1' } });
      expect(made.meta.versionId).toBe('1');
      const same = await store.put(tx, { resourceType: 'Basic', id: made.id, code: { text: 'v1' } });
      expect(same.meta.versionId).toBe('1');
      const next = await store.put(tx, { resourceType: 'Basic', id: made.id, code: { text: 'v2' } });
      expect(next.meta.versionId).toBe('2');
      await expect(store.update(tx, { ...next, code: { text: 'v3' } }, { ifMatch: 1 })).rejects.toMatchObject({ status: 412 });
      expect((await store.update(tx, { ...next, code: { text: 'v3' } }, { ifMatch: 2 })).meta.versionId).toBe('3');
      expect((await store.readVersion(tx, 'Basic', made.id, 1)).code.text).toBe('v1');
      expect((await store.readAll(tx, [`Basic/${made.id}`, 'Basic/none'])).size).toBe(1);
      await store.remove(tx, 'Basic', made.id);
      expect(await store.find(tx, 'Basic', made.id)).toBeUndefined();
      await expect(store.read(tx, 'Basic', made.id)).rejects.toMatchObject({ kind: 'not-found' });
      await expect(store.update(tx, { resourceType: 'Basic', id: 'none', code: { text: 'x' } })).rejects.toMatchObject({ kind: 'not-found' });
    });
  });

  it('has one feature for each owned type', () => {
    const commands = app.get(FhirCommands);
    const handle = () => Promise.resolve();
    expect(() => commands.register({ name: 'test', types: [], handle })).toThrow(/twice/);
    expect(() => commands.register({ name: 'second', types: [HEARD], changesOwned: [HEARD], handle })).toThrow(/Two features/);
    expect(() => commands.register({ name: 'deaf', types: [], changesOwned: ['Group'], handle })).toThrow(/without hearing/);
  });
});
