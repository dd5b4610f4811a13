import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { ROLES, signIn, startIdentityProvider } from '../../apps/sandbox/src/index.js';
import type { IdentityProvider, Role } from '../../apps/sandbox/src/index.js';

const CAIRN = 'http://127.0.0.1:3999';

describe('The identity provider', () => {
  let dataDir: string;
  let issuer: IdentityProvider;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sandbox-issuer-'));
    issuer = await startIdentityProvider({ dataDir, cairnUrl: CAIRN });
  });
  afterAll(async () => {
    await issuer.stop();
    await rm(dataDir, { recursive: true });
  });

  const verify = async (token: string) => {
    const discovery = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as { jwks_uri: string };
    return (await jwtVerify(token, createRemoteJWKSet(new URL(discovery.jwks_uri)), { issuer: issuer.url, audience: CAIRN })).payload;
  };

  it.each([...ROLES])('signs a %s in with code and PKCE: a JWT for Cairn with the role and the clinic', async (role) => {
    expect(await verify(await issuer.signIn(role))).toMatchObject({
      sub: `demo-${role}`,
      roles: [role],
      clinic: 'demo',
      name: `Demo ${role.replaceAll('-', ' ')}`,
    });
  });

  it('lets the clinic be chosen', async () => {
    expect(await verify(await issuer.signIn('clinician', { clinic: 'north-shore' }))).toMatchObject({ sub: 'north-shore-clinician', clinic: 'north-shore' });
  });

  it('refuses a role that is none, and a token for somebody else than Cairn', async () => {
    await expect(signIn({ issuer: issuer.url, role: 'surgeon' as Role })).rejects.toThrow('400');
    await expect(issuer.signIn('clinician', { resource: 'https://other.example' })).rejects.toThrow('only resource');
  });

  it('insists on PKCE, and shows a page to choose a role on', async () => {
    const query = new URLSearchParams({ client_id: 'cairn-docs', redirect_uri: `${CAIRN}/docs/oauth2-redirect.html`, response_type: 'code', scope: 'openid' });
    const withoutPkce = await fetch(`${issuer.url}/auth?${query.toString()}`, { redirect: 'manual' });
    expect(withoutPkce.headers.get('location')).toContain('error=invalid_request');
    query.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    query.set('code_challenge_method', 'S256');
    const asked = await fetch(`${issuer.url}/auth?${query.toString()}`, { redirect: 'manual' });
    const cookie = asked.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
    const page = await (await fetch(new URL(asked.headers.get('location') ?? '', issuer.url), { headers: { cookie } })).text();
    for (const role of ROLES) expect(page).toContain(`value="${role}"`);
  });

  it('allows the documentation page of Cairn, and no other origin, to ask for tokens from a browser', async () => {
    const preflight = (origin: string) =>
      fetch(`${issuer.url}/token`, { method: 'POST', headers: { origin }, body: new URLSearchParams({ grant_type: 'authorization_code', client_id: 'cairn-docs', code: 'none' }) });
    expect((await preflight(CAIRN)).headers.get('access-control-allow-origin')).toBe(CAIRN);
    expect((await preflight('https://other.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('keeps its key, so that tokens hold over a restart, and can issue short-lived ones', async () => {
    const token = await issuer.signIn('auditor');
    const port = Number(new URL(issuer.url).port);
    await issuer.stop();
    issuer = await startIdentityProvider({ dataDir, cairnUrl: CAIRN, port, accessTokenSeconds: 5 });
    expect(await verify(token)).toMatchObject({ sub: 'demo-auditor' });
    const { iat = 0, exp = 0 } = decodeJwt(await issuer.signIn('auditor'));
    expect(exp - iat).toBe(5);
  });
});
