import { createServer, request, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const MEGABYTE = 1024 * 1024;
const basic = (text: string): string => JSON.stringify({ resourceType: 'Basic', code: { text } });

describe('what would be too much for /fhir', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  /** The status, once it is sure that what is answered is an OperationOutcome, that it came soon, and that the server is well. */
  const refusal = async (method: string, path: string, body?: object | string | Buffer, headers?: Record<string, string>): Promise<number> => {
    const begun = performance.now();
    const reply = await client.send<OperationOutcome>(method, path, body, headers);
    expect(reply.body.resourceType).toBe('OperationOutcome');
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect((await client.get('/Basic?_count=1')).status).toBe(200);
    return reply.status;
  };

  /** Sends a body piece by piece without saying how long it will be. */
  const stream = (chunk: Buffer, times: number, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const sending = request(`${app.url}/fhir/Basic`, { method: 'POST', headers: { authorization: client.authorization, 'content-type': 'application/fhir+json', ...headers } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        sending.destroy();
      });
      sending.on('error', reject);
      let left = times;
      const more = (): void => {
        while (left > 0 && !sending.destroyed) {
          left--;
          if (!sending.write(chunk)) {
            sending.once('drain', more);
            return;
          }
        }
        if (!sending.destroyed) sending.end();
      };
      more();
    });

  describe('bodies', () => {
    it('of 50 MB, said beforehand or not', async () => {
      expect(await refusal('POST', '/Basic', basic('x'.repeat(50 * MEGABYTE)))).toBe(413);
      expect(await stream(Buffer.alloc(MEGABYTE, 'x'), 50)).toBe(413);
    });

    it('of a thousand levels, and of a hundred thousand', async () => {
      for (const levels of [1_000, 100_000]) {
        expect(await refusal('POST', '/Basic', `{"resourceType":"Basic","extension":${'[{"extension":'.repeat(levels)}[]${'}]'.repeat(levels)}}`)).toBe(400);
      }
    });

    it('of a transaction with 10,000 entries', async () => {
      const entry = Array.from({ length: 10_000 }, () => ({ resource: { resourceType: 'Basic', code: { text: 'x' } }, request: { method: 'POST', url: 'Basic' } }));
      expect(await refusal('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).toBe(413);
      expect(await refusal('POST', '', { resourceType: 'Bundle', type: 'batch', entry })).toBe(413);
    });
  });

  describe('gzipped bodies', () => {
    const gzip = { 'content-encoding': 'gzip' };

    it('are read like any other', async () => {
      const text = basic('plain '.repeat(20_000));
      const reply = await client.post<{ code: { text: string } }>('/Basic', gzipSync(text), gzip);
      expect([reply.status, reply.text.includes('plain plain')]).toEqual([201, true]);
      expect((await client.post('/Basic', gzipSync(basic('y')), { 'content-encoding': 'GZIP' })).status).toBe(201);
      expect((await client.post('/Basic', basic('y'), { 'content-encoding': 'identity' })).status).toBe(201);
    });

    it('that become a flood are stopped at the limit', async () => {
      expect(await refusal('POST', '/Basic', gzipSync(Buffer.alloc(300 * MEGABYTE, ' ')), gzip)).toBe(413);
      expect(await refusal('POST', '/Basic', gzipSync(gzipSync(Buffer.alloc(300 * MEGABYTE, ' '))), gzip)).toBe(400);
    });

    it('that are none, or break off, are refused', async () => {
      expect(await refusal('POST', '/Basic', basic('x'), gzip)).toBe(400);
      const packed = gzipSync(basic('x'.repeat(1000)));
      expect(await refusal('POST', '/Basic', packed.subarray(0, packed.length - 10), gzip)).toBe(400);
      expect(await refusal('POST', '/Basic', gzipSync(''), gzip)).toBe(400);
    });

    it('in another encoding, or where they are not taken, are refused', async () => {
      expect(await refusal('POST', '/Basic', basic('x'), { 'content-encoding': 'br' })).toBe(415);
      expect(await refusal('POST', '/Basic', basic('x'), { 'content-encoding': 'gzip, gzip' })).toBe(415);
      const elsewhere = await fetch(`${app.url}/oauth/token`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...gzip }, body: new Uint8Array(gzipSync('grant_type=x')) });
      expect(elsewhere.status).toBe(415);
    });
  });

  describe('searches', () => {
    it('with a thousand values, with a thousand parameters, and with a very long one', async () => {
      const values = Array.from({ length: 1_000 }, (_, index) => `v${index}`).join();
      expect(await refusal('GET', `/Patient?name=${values}`)).toBe(400);
      expect(await refusal('GET', `/Patient?_id=${Array.from({ length: 1_000 }, () => crypto.randomUUID()).join()}`)).toBe(400);
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      expect(await refusal('POST', '/Patient/_search', `identifier=${values}`, form)).toBe(400);
      expect(await refusal('POST', '/Patient/_search', Array.from({ length: 1_000 }, () => 'name=a').join('&'), form)).toBe(400);
      expect((await client.send('POST', '/Patient/_search', `name=${'a'.repeat(200_000)}`, form)).status).toBe(200);
    });

    it('say what was applied in place of what was asked', async () => {
      const { body } = await client.get<Bundle>('/Patient?_count=100000');
      expect(new URL(body.link?.find(({ relation }) => relation === 'self')?.url ?? '').searchParams.get('_count')).toBe('1000');
    });

    it('with tricks in any parameter of any type find nothing more, and break nothing', async () => {
      await client.create({ resourceType: 'Patient', name: [{ family: 'Kept' }] });
      const { body } = await client.get<CapabilityStatement>('/metadata');
      const tricks = ["x' OR '1'='1", "x'); drop table fhir_resource; --", '$1', '\\', '%', '_', '../../etc/passwd', 'a$b|c,d', '"', '\u202e', '|', ',', '(((((', '[^', '9'.repeat(400), '-1e400', '0000-00-00', 'gt', '#', 'Patient/', 'Patient/..%2f', 'urn:uuid:', 'javascript:x', '\\,\\$\\|'];
      const urls: string[] = [];
      for (const type of ['Patient', 'Observation', 'ValueSet', 'RiskAssessment']) {
        const parameters = body.rest?.[0]?.resource?.find((each) => each.type === type)?.searchParam ?? [];
        for (const [index, { name }] of parameters.entries()) {
          // Every parameter meets every sixth trick, so that each kind of parameter meets all of them.
          for (const trick of tricks.filter((_trick, position) => (position + index) % 6 === 0)) urls.push(`${type}?${name}=${encodeURIComponent(trick)}`);
        }
      }
      const special = ['_sort', '_include', '_revinclude', '_elements', '_summary', '_total', '_count', '_list', '_has:Observation:patient:code', '_cursor', 'name:exact', "na'me", 'name:;drop', 'organization.name', 'organization:Patient.name', '_since'];
      for (const [index, name] of special.entries()) {
        for (const trick of tricks.filter((_trick, position) => (position + index) % 2 === 0)) urls.push(`Patient?${encodeURIComponent(name)}=${encodeURIComponent(trick)}`);
      }
      expect(urls.length).toBeGreaterThan(500);
      const answers = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry: urls.map((url) => ({ request: { method: 'GET', url } })) });
      answers.body.entry?.forEach(({ response, resource }, index) => {
        expect([urls[index], ['200', '400'].includes(response?.status ?? '')]).toEqual([urls[index], true]);
        const found = resource?.resourceType === 'Bundle' ? resource.entry?.filter(({ search }) => search?.mode === 'match') : [];
        if (urls[index]?.includes('OR%20') && !/_|Patient\?na/.test(urls[index])) expect([urls[index], found ?? []]).toEqual([urls[index], []]);
      });
      expect((await client.get<Bundle>('/Patient?family=Kept')).body.entry).toHaveLength(1);
    }, 120_000);
  });

  describe('texts that make patterns slow', () => {
    it.each<[string, object]>([
      ['a code of many words', { resourceType: 'Flag', status: `${'a '.repeat(200_000)} `, code: { text: 'x' }, subject: { display: 'y' } }],
      ['a long almost-date', { resourceType: 'Patient', birthDate: `2024-${'0'.repeat(500_000)}` }],
      ['a long almost-URI', { resourceType: 'Basic', code: { text: 'x' }, implicitRules: `${'a'.repeat(500_000)} ` }],
      ['a long almost-base64', { resourceType: 'Binary', contentType: 'text/plain', data: `${'A'.repeat(500_001)}!` }],
      ['a long almost-OID', { resourceType: 'Basic', code: { text: 'x' }, extension: [{ url: 'u', valueOid: `urn:oid:1${'.1'.repeat(200_000)}.` }] }],
      ['a name of a definition', { resourceType: 'StructureDefinition', url: 'urn:x', name: `${'A_'.repeat(200_000)}-`, status: 'active', kind: 'resource', abstract: false, type: 'Patient', differential: { element: [{ path: `${'a.'.repeat(100_000)}!` }] } }],
      ['a media type', { resourceType: 'Binary', contentType: `text/plain${' ;'.repeat(200_000)}\n` }],
      ['a narrative of many open elements', { resourceType: 'Basic', code: { text: 'x' }, text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${'<p>'.repeat(100_000)}</div>` } }],
      ['a narrative of many entities', { resourceType: 'Basic', code: { text: 'x' }, text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${'&x;'.repeat(100_000)}</div>` } }],
    ])('%s', async (_what, resource) => {
      const { resourceType } = resource as { resourceType: string };
      expect([400, 422]).toContain(await refusal('POST', `/${resourceType}`, resource));
    });

    it.each([
      ['deep', `${'Patient.where('.repeat(3_000)}true${')'.repeat(3_000)}`],
      ['long', `Patient${'.name'.repeat(100_000)}`],
      ['full of patterns', "Patient.name.where(family.matches('(a+)+$'))"],
      ['full of brackets', '('.repeat(100_000)],
      ['endless', 'Patient.repeat($this)'],
    ])('a FHIRPath Patch whose path is %s', async (_what, path) => {
      const id = await client.create({ resourceType: 'Patient', name: [{ family: 'a'.repeat(40) + '!' }] });
      const part = (name: string, value: object): object => ({ name, ...value });
      const patch = { resourceType: 'Parameters', parameter: [{ name: 'operation', part: [part('type', { valueCode: 'delete' }), part('path', { valueString: path })] }] };
      expect([400, 422]).toContain(await refusal('PATCH', `/Patient/${id}`, patch));
    });
  });

  describe('addresses of others', () => {
    let elsewhere: Server;
    let base = '';
    let asked = 0;

    beforeAll(async () => {
      elsewhere = createServer((_request, response) => {
        asked++;
        response.end('{}');
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const address = elsewhere.address();
      if (typeof address === 'object' && address) base = `http://127.0.0.1:${address.port}`;
    });
    afterAll(() => new Promise((resolve) => elsewhere.close(resolve)));

    it('are stored, answered, searched, validated and followed by nobody', async () => {
      const there = `${base}/Patient/1`;
      const sent = { resourceType: 'Observation' as const, status: 'final' as const, code: { coding: [{ system: `${base}/codes`, code: 'x' }] }, subject: { reference: there }, meta: { profile: [`${base}/profile`] }, implicitRules: `${base}/rules` };
      const { status, body } = await client.post<typeof sent & { id: string }>('/Observation', sent);
      expect([status, body.subject.reference]).toEqual([201, there]);
      const found = await client.get<Bundle>(`/Observation?subject=${encodeURIComponent(there)}&_include=Observation:subject`);
      expect(found.body.entry?.map(({ resource }) => resource?.id)).toEqual([body.id]);
      expect((await client.get<Bundle>('/Observation?subject.name=x')).status).toBe(200);
      expect((await client.get(`/Observation/${body.id}/$validate?profile=${encodeURIComponent(`${base}/profile`)}`)).status).toBe(200);
      const attachment = { resourceType: 'DocumentReference', status: 'current', content: [{ attachment: { url: `${base}/file`, contentType: 'text/plain' } }] };
      expect((await client.post('/DocumentReference', attachment)).status).toBe(201);
      const entry = [{ fullUrl: there, resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: `${base}/Patient/2` } }, request: { method: 'POST', url: 'Basic' } }];
      expect((await client.post('', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
      expect(asked).toBe(0);
    });
  });
});
