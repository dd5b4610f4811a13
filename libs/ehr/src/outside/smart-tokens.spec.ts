import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OutsideHttp, readConfig } from '@cairn/platform';
import { decodeProtectedHeader, generateKeyPair, jwtVerify, type CryptoKey } from 'jose';
import type { EhrAddress } from './ehr-address.js';
import { EhrFhir } from './ehr-fhir.js';
import { SmartDiscovery } from './smart-discovery.js';
import { SmartTokens } from './smart-tokens.js';

const ALL_BUT_THE_DATE = ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const;

/** An EHR that gives tokens and tells who it let in. */
class TokenEhr {
  readonly calls: string[] = [];
  readonly forms: URLSearchParams[] = [];
  readonly headers: string[] = [];
  expiresIn: number | undefined = 300;
  wellKnown = true;
  refuse: { status: number; body: string } | undefined;
  takes: (authorization: string) => boolean = () => true;
  readonly server: Server = createServer((request, response) => {
    this.calls.push(`${request.method} ${request.url}`);
    this.headers.push(String(request.headers['x-gateway-key']));
    const json = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.url?.endsWith('/.well-known/smart-configuration')) return this.wellKnown ? json(200, { token_endpoint: `${this.url}/token` }) : json(404, {});
      if (request.url?.endsWith('/metadata')) {
        const extension = [{ url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris', extension: [{ url: 'token', valueUri: `${this.url}/token` }] }];
        return json(200, { resourceType: 'CapabilityStatement', rest: [{ security: { extension } }] });
      }
      if (request.url === '/token') {
        this.forms.push(new URLSearchParams(text));
        if (this.refuse) return void response.writeHead(this.refuse.status).end(this.refuse.body);
        return json(200, { access_token: `token-${this.forms.length}`, token_type: 'bearer', scope: 'system/Patient.rs', ...(this.expiresIn === undefined ? {} : { expires_in: this.expiresIn }) });
      }
      if (!this.takes(String(request.headers.authorization))) return json(401, {});
      response.writeHead(200, { etag: 'W/"7"', 'retry-after': '12', location: `${this.url}/fhir/Patient/42/_history/7` }).end('{"resourceType":"Patient"}');
    });
  });
  url = '';
}

describe('tokens of an EHR', () => {
  let ehr: TokenEhr;
  let http: OutsideHttp;
  let tokens: SmartTokens;
  let address: EhrAddress;
  let publicKey: CryptoKey;

  beforeEach(async () => {
    ehr = new TokenEhr();
    await new Promise<void>((ready) => ehr.server.listen(0, '127.0.0.1', ready));
    ehr.url = `http://127.0.0.1:${(ehr.server.address() as AddressInfo).port}`;
    const config = readConfig({ CAIRN_MODE: 'demo', DATABASE_URL: 'postgres://localhost/none', CAIRN_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}` });
    http = new OutsideHttp(config);
    const pair: { publicKey: CryptoKey; privateKey: CryptoKey } = await generateKeyPair('ES384');
    publicKey = pair.publicKey;
    tokens = new SmartTokens(http, new SmartDiscovery(http), { current: () => Promise.resolve({ id: 'key-1', algorithm: 'ES384', privateKey: pair.privateKey }) });
    address = { connectionId: 'c', baseUrl: `${ehr.url}/fhir`, clientId: 'cairn', scopes: 'system/Patient.rs' };
  });

  afterEach(async () => {
    ehr.server.closeAllConnections();
    await http.onApplicationShutdown();
    await new Promise((closed) => ehr.server.close(closed));
  });

  it('are asked for with an assertion that lives at most five minutes and is used once', async () => {
    await tokens.token(address);
    await tokens.renew(address);
    const [first, second] = ehr.forms;
    expect(first?.get('grant_type')).toBe('client_credentials');
    expect(first?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const assertion = first?.get('client_assertion') ?? '';
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'ES384', kid: 'key-1' });
    const { payload } = await jwtVerify(assertion, publicKey, { issuer: 'cairn', subject: 'cairn', audience: `${ehr.url}/token` });
    expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(300);
    const again = await jwtVerify(second?.get('client_assertion') ?? '', publicKey);
    expect(again.payload.jti).not.toBe(payload.jti);
  });

  it('are asked for once, however many calls wait, and kept', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => tokens.token(address)));
    expect(new Set(all.map(({ value }) => value))).toEqual(new Set(['token-1']));
    expect((await tokens.token(address)).value).toBe('token-1');
    expect(ehr.forms).toHaveLength(1);
  });

  it('are kept apart for connections that differ', async () => {
    await tokens.token(address);
    await tokens.token({ ...address, clientId: 'other' });
    expect(ehr.forms).toHaveLength(2);
  });

  it('are replaced before they end', async () => {
    const began = new Date();
    jest.useFakeTimers({ now: began, doNotFake: [...ALL_BUT_THE_DATE] });
    try {
      await tokens.token(address);
      jest.setSystemTime(began.getTime() + 239_000);
      expect((await tokens.token(address)).value).toBe('token-1');
      jest.setSystemTime(began.getTime() + 241_000);
      expect((await tokens.token(address)).value).toBe('token-2');
    } finally {
      jest.useRealTimers();
    }
  });

  it('are found by the CapabilityStatement where there is no smart-configuration', async () => {
    ehr.wellKnown = false;
    expect((await tokens.token(address)).value).toBe('token-1');
  });

  it('are refused in the EHR’s own word, and asked for anew the next time', async () => {
    ehr.refuse = { status: 401, body: '{"error":"invalid_client"}' };
    await expect(tokens.token(address)).rejects.toMatchObject({ name: 'TokenRefused', status: 401, code: 'invalid_client' });
    ehr.refuse = { status: 200, body: '<html>' };
    await expect(tokens.token(address)).rejects.toMatchObject({ name: 'TokenRefused', status: 200 });
    ehr.refuse = undefined;
    await tokens.token(address);
    expect(ehr.calls.filter((call) => call.includes('smart-configuration'))).toHaveLength(3);
  });

  it('go with every call, and one that is no longer taken is replaced once', async () => {
    ehr.takes = (authorization) => authorization === 'Bearer token-2';
    const fhir = new EhrFhir(http, tokens);
    expect(await fhir.read(address, 'Patient', '42')).toMatchObject({ status: 200, version: '7', createdId: '42', retryAfter: 12 });
    expect(ehr.forms).toHaveLength(2);
    ehr.takes = () => false;
    expect(await fhir.read(address, 'Patient', '42')).toMatchObject({ status: 401 });
    expect(ehr.forms).toHaveLength(3);
  });

  it('carry the key of a gateway on every call', async () => {
    await new EhrFhir(http, tokens).search({ ...address, gateway: { header: 'X-Gateway-Key', key: 'open sesame' } }, 'Patient', { identifier: 'a|b' });
    expect(new Set(ehr.headers)).toEqual(new Set(['open sesame']));
    expect(ehr.calls.at(-1)).toBe('GET /fhir/Patient?identifier=a%7Cb');
  });
});
