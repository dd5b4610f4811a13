import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, decodeJwt } from 'jose';
import { startTestApp, type TestApp } from '../support/app.js';
import { registerClient, type SystemClient } from '../support/system-client.js';

describe('tokens for systems', () => {
  let app: TestApp;
  let hospital: SystemClient;

  beforeAll(async () => {
    app = await startTestApp();
    hospital = await registerClient(app, { scopes: ['system/Patient.rs', 'system/Task.cruds'] });
  });
  afterAll(() => app.stop());

  const ask = (form: string) => app.request.post('/oauth/token').type('form').send(form);
  const now = () => Math.floor(Date.now() / 1000);

  it.each(['ES384', 'RS384'])('come for an assertion signed with %s, live five minutes and carry the scopes that are both asked for and held', async (algorithm) => {
    const client = await registerClient(app, { algorithm, scopes: ['system/Patient.rs', 'system/Task.cruds'] });
    const answer: { body: { access_token: string }; headers: Record<string, string> } = await ask(client.form(await client.assertion(), 'system/Task.cruds system/Observation.rs')).expect(200);
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'system/Task.cruds' });
    expect(answer.headers['cache-control']).toBe('no-store');
    const claims = decodeJwt(answer.body.access_token);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
  });

  it('come once for each assertion, also when it is sent twice at once', async () => {
    const form = hospital.form(await hospital.assertion());
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ask(form)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401, 401, 401, 401]);
    expect(answers.find((answer) => answer.status === 401)?.body).toMatchObject({ error: 'invalid_client', error_description: expect.stringMatching(/used before/) });
  });

  it.each([
    ['a life over five minutes', { exp: now() + 900 }, /five minutes/],
    ['an expired assertion', { exp: now() - 60 }, /exp/],
    ['no expiry', { exp: undefined }, /exp/],
    ['another audience', { aud: 'https://elsewhere.example/token' }, /aud/],
    ['a list of audiences', { aud: ['https://elsewhere.example/token'] }, /aud/],
    ['no jti', { jti: undefined }, /jti/],
    ['an unknown client', { iss: 'nobody', sub: 'nobody' }, /not registered/],
    ['a subject that differs', { sub: 'someone-else' }, /iss and sub/],
  ])('are refused for %s', async (_, claims, reason) => {
    const answer = await ask(hospital.form(await hospital.assertion(claims))).expect(401);
    expect(answer.body).toMatchObject({ error: 'invalid_client', error_description: expect.stringMatching(reason) });
  });

  it('are refused for a key that is not the registered one, a weaker algorithm, or none', async () => {
    const other = await registerClient(app);
    const good = { iss: hospital.clientId, sub: hospital.clientId };
    await ask(hospital.form(await other.assertion(good))).expect(401);
    const shared = await new SignJWT({ ...good, aud: `${app.url}/oauth/token`, jti: 'x', exp: now() + 60 }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32));
    await ask(hospital.form(shared)).expect(401);
    const [, payload] = (await hospital.assertion()).split('.');
    await ask(hospital.form(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`)).expect(401);
  });

  it.each([
    ['grant_type=password', 'unsupported_grant_type'],
    ['grant_type=client_credentials', 'invalid_request'],
    ['', 'unsupported_grant_type'],
  ])('need a request that makes sense: %s', async (form, error) => {
    const answer = await ask(form);
    expect([400, 401]).toContain(answer.status);
    expect(answer.body).toMatchObject({ error });
  });

  it('are refused to scopes that the client does not hold', async () => {
    const answer = await ask(hospital.form(await hospital.assertion(), 'system/Observation.rs')).expect(400);
    expect(answer.body).toMatchObject({ error: 'invalid_scope', error_description: expect.stringContaining('system/Patient.rs') });
  });
});

describe('introspection', () => {
  let app: TestApp;
  let hospital: SystemClient;
  beforeAll(async () => {
    app = await startTestApp();
    hospital = await registerClient(app, { scopes: ['system/Patient.rs', 'system/Task.cruds'] });
  });
  afterAll(() => app.stop());

  const tokenOf = async (client: SystemClient): Promise<string> => {
    const answer: { body: { access_token: string } } = await app.request.post('/oauth/token').type('form').send(client.form(await client.assertion(), 'system/Patient.rs')).expect(200);
    return answer.body.access_token;
  };
  const ask = (form: Record<string, string>) => app.request.post('/oauth/introspect').type('form').send(new URLSearchParams(form).toString());
  const asked = async (client: SystemClient, token: string) =>
    ask({ token, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: await client.assertion() });

  it('tells a client what its own token is good for, and where that is asked', async () => {
    const token = await tokenOf(hospital);
    const answer = await asked(hospital, token);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { exp, jti } = decodeJwt(token);
    expect(answer.body).toEqual({ active: true, token_type: 'bearer', scope: 'system/Patient.rs', client_id: hospital.clientId, sub: hospital.clientId, iss: app.url, aud: app.url, exp, iat: expect.any(Number), jti });
    const configuration = await app.request.get('/fhir/.well-known/smart-configuration');
    expect(configuration.body).toMatchObject({ introspection_endpoint: `${app.url}/oauth/introspect` });
  });

  it("tells nothing of another's token, a person's, a changed one or none", async () => {
    const other = await registerClient(app, { scopes: ['system/Patient.rs'] });
    const token = await tokenOf(hospital);
    const persons = (await app.as('clinician')).replace('Bearer ', '');
    for (const each of [await tokenOf(other), persons, `${token.slice(0, -4)}AAAA`, 'nonsense']) {
      const answer = await asked(hospital, each);
      expect([answer.status, answer.body]).toEqual([200, { active: false }]);
    }
  });

  it('is for registered clients that prove who they are', async () => {
    const token = await tokenOf(hospital);
    await ask({ token }).expect(400);
    const assertion = await hospital.assertion({ exp: 1 });
    await ask({ token, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion }).expect(401);
    const used = await hospital.assertion();
    const form = { token, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: used };
    await ask(form).expect(200);
    await ask(form).expect(401);
    await ask({ client_assertion_type: form.client_assertion_type, client_assertion: await hospital.assertion() }).expect(400);
  });
});

describe('a bearer token', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  const now = (header: string | undefined) => {
    const request = app.request.get('/api/v1/demo/clock');
    return header === undefined ? request : request.set('authorization', header);
  };

  it('is needed, must be well formed, ours and alive', async () => {
    await now(await app.as('coordinator')).expect(200);
    for (const header of [undefined, 'Basic abc', 'Bearer', 'Bearer not.a.jwt', 'Bearer ']) {
      const answer = await now(header).expect(401);
      expect(answer.headers['content-type']).toMatch(/problem\+json/);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(answer.body).toMatchObject({ status: 401, code: 'unauthenticated', correlationId: answer.headers['x-correlation-id'] });
    }
    const foreign = await new SignJWT({ sub: 'x', clinic: 'demo', roles: ['clinician'] }).setProtectedHeader({ alg: 'HS256' }).setIssuer(app.url).setAudience(app.url).setExpirationTime('5m').sign(Buffer.alloc(32));
    await now(`Bearer ${foreign}`).expect(401);
    const unknown = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('https://issuer.example').sign(Buffer.alloc(32));
    await now(`Bearer ${unknown}`).expect(401);
  });

  it('of a system opens none of the routes that are for people', async () => {
    const answer = await now(await app.asSystem('system/*.*')).expect(403);
    expect(answer.body).toMatchObject({ code: 'right-missing' });
  });
});
