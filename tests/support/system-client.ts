import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWTPayload } from 'jose';
import pg from 'pg';
import type { TestApp } from './app.js';

/** A hospital's system with a registered key, as it appears to Cairn's token endpoint. */
export interface SystemClient {
  readonly clientId: string;
  /** A signed assertion; `claims` override the good ones, undefined removes one. */
  assertion(claims?: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  /** The form that the token endpoint takes. */
  form(assertion: string, scope?: string): string;
}

/** Registers a client with a fresh key of the given algorithm. */
export async function registerClient(
  app: TestApp,
  { clientId = `client-${crypto.randomUUID()}`, scopes = ['system/*.cruds'], algorithm = 'ES384', connectionId = null as string | null, validation = 'strict' } = {},
): Promise<SystemClient> {
  const { publicKey, privateKey }: { publicKey: CryptoKey; privateKey: CryptoKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: algorithm, use: 'sig' }] };
  const owner = new pg.Client({ connectionString: app.database.ownerUrl });
  await owner.connect();
  await owner.query('insert into client (client_id, clinic_id, name, connection_id, jwks, scopes, validation) values ($1, $2, $3, $4, $5, $6, $7)', [
    clientId,
    app.clinicId,
    'Test hospital',
    connectionId,
    jwks,
    scopes,
    validation,
  ]);
  await owner.end();
  return {
    clientId,
    assertion: async (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const good: JWTPayload = { iss: clientId, sub: clientId, aud: `${app.url}/oauth/token`, exp: now + 240, iat: now, jti: crypto.randomUUID() };
      const payload = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined));
      return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid: 'key-1', ...header }).sign(privateKey);
    },
    form: (assertion, scope) =>
      new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        ...(scope === undefined ? {} : { scope }),
      }).toString(),
  };
}
