import { randomUUID } from 'node:crypto';
import { SignJWT, createLocalJWKSet, createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import type { JSONWebKeySet } from 'jose';
import type { SigningKey } from '../shared/signing-key.js';
import { Refusal } from './outcome.js';
import { grantScopes } from './scopes.js';

/** A system that may ask this hospital for tokens: its keys are given, or fetched from its JWKS URL. */
export interface RegisteredClient {
  clientId: string;
  jwks?: JSONWebKeySet | undefined;
  jwksUrl?: string | undefined;
  /** The most it may be granted, for example `system/*.cruds`. */
  scope: string;
}

/** Who a bearer token speaks for, and what it may do. */
export interface Access {
  clientId: string;
  scopes: string[];
}

/** A refusal in the words of OAuth 2.0 (RFC 6749, 5.2). */
export class TokenRefusal extends Error {
  constructor(
    readonly error: 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope',
    description: string,
  ) {
    super(description);
  }

  get status(): number {
    return this.error === 'invalid_client' ? 401 : 400;
  }
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_SECONDS = 300;
const TOKEN_SECONDS = 300;

/** SMART Backend Services, the server's half: checks signed assertions, issues and checks access tokens. */
export class TokenService {
  private readonly clients = new Map<string, { client: RegisteredClient; keys: JWTVerifyGetKey }>();
  private readonly usedUntil = new Map<string, number>();

  /** @param baseUrl where the hospital is reached: `/oauth/token` and `/fhir` stand under it. */
  constructor(
    private readonly key: SigningKey,
    private readonly baseUrl: () => string,
  ) {}

  /** Registers a client, or replaces what was known of it. */
  register(client: RegisteredClient): void {
    const { clientId, jwks, jwksUrl } = client;
    if (jwks) this.clients.set(clientId, { client, keys: createLocalJWKSet(jwks) });
    else if (jwksUrl) this.clients.set(clientId, { client, keys: createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 1_000 }) });
    else throw new Error(`The client "${clientId}" needs jwks or jwksUrl`);
  }

  /** Answers a token request's form fields; throws a TokenRefusal that says what is wrong. */
  async issue(form: Record<string, string>): Promise<{ access_token: string; token_type: 'bearer'; expires_in: number; scope: string }> {
    if (form.grant_type !== 'client_credentials') throw new TokenRefusal('unsupported_grant_type', 'grant_type must be client_credentials');
    if (form.client_assertion_type !== ASSERTION_TYPE) throw new TokenRefusal('invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}`);
    if (!form.client_assertion) throw new TokenRefusal('invalid_request', 'client_assertion is missing');
    const client = await this.authenticate(form.client_assertion);
    if (!form.scope) throw new TokenRefusal('invalid_scope', 'scope is missing');
    const scopes = grantScopes(form.scope, client.scope);
    if (!scopes.length) throw new TokenRefusal('invalid_scope', `none of the scopes asked for is granted; registered are: ${client.scope}`);
    const scope = scopes.join(' ');
    const token = await new SignJWT({ scope })
      .setProtectedHeader({ alg: this.key.alg, kid: this.key.kid, typ: 'at+jwt' })
      .setIssuer(this.baseUrl())
      .setAudience(`${this.baseUrl()}/fhir`)
      .setSubject(client.clientId)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_SECONDS}s`)
      .sign(this.key.privateKey);
    return { access_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS, scope };
  }

  /** Returns whom an Authorization header speaks for; throws a 401 Refusal when it does not hold. */
  async verify(authorization: string | undefined): Promise<Access> {
    const [, token] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (!token) throw new Refusal(401, 'login', 'A bearer token is needed: ask for one at /oauth/token');
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [this.key.publicJwk] }), {
        issuer: this.baseUrl(),
        audience: `${this.baseUrl()}/fhir`,
        typ: 'at+jwt',
      });
      return { clientId: payload.sub ?? '', scopes: typeof payload.scope === 'string' ? payload.scope.split(' ') : [] };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new Refusal(401, error.code === 'ERR_JWT_EXPIRED' ? 'expired' : 'login', `The bearer token does not hold: ${error.message}`);
    }
  }

  private async authenticate(assertion: string): Promise<RegisteredClient> {
    const claims = await readClaims(assertion);
    const registered = this.clients.get(claims.sub ?? '');
    if (!registered || claims.iss !== claims.sub) throw new TokenRefusal('invalid_client', 'iss and sub must both be the id of a registered client');
    const { payload } = await jwtVerify(assertion, registered.keys, { algorithms: ['RS384', 'ES384'], requiredClaims: ['exp', 'jti'] }).catch(
      (error: unknown) => {
        throw new TokenRefusal('invalid_client', `the assertion does not hold: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
    if (payload.aud !== `${this.baseUrl()}/oauth/token`) throw new TokenRefusal('invalid_client', `aud must be exactly ${this.baseUrl()}/oauth/token`);
    this.useOnce(`${payload.iss} ${payload.jti}`, payload.exp ?? 0);
    return registered.client;
  }

  private useOnce(assertionId: string, expires: number): void {
    const now = Math.floor(Date.now() / 1_000);
    if (expires > now + ASSERTION_SECONDS) throw new TokenRefusal('invalid_client', `exp must be at most ${ASSERTION_SECONDS} seconds ahead`);
    for (const [id, until] of this.usedUntil) if (until < now) this.usedUntil.delete(id);
    if (this.usedUntil.has(assertionId)) throw new TokenRefusal('invalid_client', 'this jti was used before');
    this.usedUntil.set(assertionId, expires);
  }
}

async function readClaims(assertion: string): Promise<{ iss?: string; sub?: string }> {
  try {
    return decodeJwt(assertion);
  } catch {
    throw new TokenRefusal('invalid_client', 'client_assertion is not a signed JWT');
  }
}
