import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CairnError, RealClock, newId } from '@cairn/kernel';
import { SignJWT, createLocalJWKSet, createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Pool } from 'pg';
import { CONFIG, type Config } from '../config/config.js';
import { POOL } from '../database/pool.js';
import type { PersonActor, SystemActor } from '../tenancy/scope.js';
import { Clients, type Client } from './clients.js';
import { SigningKeys } from './signing-keys.js';

/** Seconds an access token lives. Source: SMART App Launch 2.0, Backend Services (at most five minutes). */
const TOKEN_SECONDS = 300;
/** Longest life of a client's assertion, in seconds. Source: the same. */
const ASSERTION_SECONDS = 300;
export const ASSERTION_ALGORITHMS = ['RS384', 'ES384'];
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface AccessToken {
  readonly access_token: string;
  readonly token_type: 'bearer';
  readonly expires_in: number;
  readonly scope: string;
}

/** What a client may ask the token endpoint for. */
export interface TokenRequest {
  readonly grant_type?: string | undefined;
  readonly client_assertion_type?: string | undefined;
  readonly client_assertion?: string | undefined;
  readonly scope?: string | undefined;
}

/** What a client may ask the introspection endpoint for (RFC 7662, 2.1). */
export type IntrospectionRequest = Pick<TokenRequest, 'client_assertion_type' | 'client_assertion'> & { readonly token?: string | undefined };

/** What a token stands for (RFC 7662, 2.2); of one that isn't good, or isn't the asking client's, only that. */
export type Introspection = { readonly active: false } | { readonly active: true; readonly token_type: 'bearer'; readonly scope: string; readonly client_id: string; readonly claims: JWTPayload };

/** An error of the token endpoint in OAuth's own words (RFC 6749, 5.2). */
const oauthError = (code: string, message: string, status = 400): CairnError => new CairnError('invalid', message, { code, status });

/** Issues access tokens: to systems by SMART Backend Services, and to demo users in demo mode. Tokens live on real time, never the demo's clock. */
@Injectable()
export class TokenService {
  readonly #remoteKeys = new Map<string, JWTVerifyGetKey>();
  readonly #clock = new RealClock();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(POOL) private readonly pool: Pool,
    private readonly keys: SigningKeys,
    private readonly clients: Clients,
  ) {}

  /** The only audience that an assertion may name. */
  get tokenUrl(): string {
    return `${this.config.PUBLIC_URL}/oauth/token`;
  }

  /**
   * Exchanges a signed assertion for an access token with the scopes asked for that the client holds. Refuses, as `invalid_client`,
   * an unknown client, another algorithm than RS384 or ES384, a wrong audience, a life over five minutes and an assertion used before;
   * as `invalid_scope`, a request none of whose scopes the client holds.
   */
  async exchange(request: TokenRequest): Promise<AccessToken> {
    if (request.grant_type !== 'client_credentials') throw oauthError('unsupported_grant_type', 'grant_type must be client_credentials.');
    const client = await this.#client(request);
    const asked = (request.scope ?? '').split(' ').filter(Boolean);
    const granted = asked.length === 0 ? client.scopes : asked.filter((scope) => client.scopes.includes(scope));
    if (granted.length === 0) throw oauthError('invalid_scope', `This client may ask for: ${client.scopes.join(' ')}.`);
    return this.#sign(
      { sub: client.clientId, name: client.name, kind: 'system', clinic: client.clinicId, connection: client.connectionId, scope: granted.join(' '), validation: client.validation },
      granted.join(' '),
    );
  }

  /**
   * What an access token stands for, told to the client that it was given to. Refuses, as `invalid_client`, a caller who isn't a registered
   * client. Another client's token, one that is expired and one that never was are answered alike.
   */
  async introspect(request: IntrospectionRequest): Promise<Introspection> {
    const client = await this.#client(request);
    if (!request.token) throw oauthError('invalid_request', 'token is missing: send the access token to be looked at.');
    try {
      const { payload } = await jwtVerify(request.token, createLocalJWKSet(await this.keys.jwks('token')), { issuer: this.config.PUBLIC_URL, audience: this.config.PUBLIC_URL, requiredClaims: ['exp', 'sub', 'jti'] });
      const { sub, kind, scope } = payload;
      if (kind !== 'system' || sub !== client.clientId || typeof scope !== 'string') return { active: false };
      return { active: true, token_type: 'bearer', scope, client_id: client.clientId, claims: payload };
    } catch (error) {
      if (error instanceof errors.JOSEError) return { active: false };
      throw error;
    }
  }

  /** A token for an actor that the operator vouches for. Demo mode only: the callers that reach it exist nowhere else. */
  async issueDemo(clinicId: string, actor: PersonActor | SystemActor): Promise<AccessToken> {
    if (this.config.CAIRN_MODE !== 'demo') throw new Error('Demo tokens exist only in demo mode.');
    const scope = actor.kind === 'system' ? actor.scopes.join(' ') : '';
    const own = actor.kind === 'system' ? { connection: actor.connectionId, scope, validation: actor.validation } : { roles: actor.roles };
    return this.#sign({ sub: actor.id, name: actor.name, kind: actor.kind, clinic: clinicId, ...own }, scope, 8 * 60 * 60);
  }

  async #sign(claims: JWTPayload, scope: string, seconds = TOKEN_SECONDS): Promise<AccessToken> {
    const key = await this.keys.current('token');
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: 'at+jwt' })
      .setIssuer(this.config.PUBLIC_URL)
      .setAudience(this.config.PUBLIC_URL)
      .setIssuedAt()
      .setExpirationTime(`${seconds} seconds`)
      .setJti(newId())
      .sign(key.privateKey);
    return { access_token: token, token_type: 'bearer', expires_in: seconds, scope };
  }

  async #client({ client_assertion_type: type, client_assertion: assertion }: Pick<TokenRequest, 'client_assertion_type' | 'client_assertion'>): Promise<Client> {
    if (type !== ASSERTION_TYPE) throw oauthError('invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}.`);
    if (!assertion) throw oauthError('invalid_request', 'client_assertion is missing: send a JWT signed with the key you registered.');
    return this.#authenticate(assertion);
  }

  async #authenticate(assertion: string): Promise<Client> {
    const refuse = (message: string): CairnError => oauthError('invalid_client', message, 401);
    let claims: JWTPayload;
    try {
      claims = decodeJwt(assertion);
    } catch {
      throw refuse('client_assertion is not a JWT.');
    }
    if (typeof claims.iss !== 'string' || claims.iss !== claims.sub) throw refuse('iss and sub of the assertion must both be the client id.');
    const client = await this.clients.find(claims.iss);
    if (!client) throw refuse('This client is not registered, or is disabled.');
    try {
      await jwtVerify(assertion, this.#keysOf(client), {
        algorithms: ASSERTION_ALGORITHMS,
        issuer: client.clientId,
        subject: client.clientId,
        requiredClaims: ['exp', 'jti', 'aud'],
      });
    } catch (error) {
      throw refuse(`The assertion was not accepted: ${error instanceof Error ? error.message : 'it does not verify'}.`);
    }
    if (claims.aud !== this.tokenUrl) throw refuse(`aud of the assertion must be exactly ${this.tokenUrl}.`);
    const { exp, jti } = claims;
    if (exp === undefined || exp > this.#clock.now().getTime() / 1000 + ASSERTION_SECONDS) throw refuse('exp of the assertion must be at most five minutes ahead.');
    if (!(await this.#firstUse(client.clientId, String(jti), exp))) throw refuse('This assertion was used before: sign a new one with a fresh jti.');
    return client;
  }

  #keysOf(client: Client): JWTVerifyGetKey {
    if (client.jwks) return createLocalJWKSet(client.jwks);
    const url = client.jwksUrl as string;
    let keys = this.#remoteKeys.get(url);
    if (!keys) {
      keys = createRemoteJWKSet(new URL(url), { timeoutDuration: 5_000, cooldownDuration: 5_000 });
      this.#remoteKeys.set(url, keys);
    }
    return keys;
  }

  /** Marks the `jti` as used; false when it was. The primary key decides, so it holds across processes. */
  async #firstUse(clientId: string, jti: string, expires: number): Promise<boolean> {
    const hash = createHash('sha256').update(`${clientId}\n${jti}`).digest();
    const { rowCount } = await this.pool.query({
      name: 'token-use',
      text: `with gone as (delete from token_use where expires_at < now() - interval '1 minute')
        insert into token_use (hash, expires_at) values ($1, to_timestamp($2)) on conflict do nothing`,
      values: [hash, expires],
    });
    return rowCount === 1;
  }
}
