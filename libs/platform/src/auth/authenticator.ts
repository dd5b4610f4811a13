import { Inject, Injectable } from '@nestjs/common';
import { unauthenticated } from '@cairn/kernel';
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { CONFIG, type Config } from '../config/config.js';
import { Clinics } from '../tenancy/clinics.js';
import type { PersonActor, SystemActor } from '../tenancy/scope.js';
import { Clients } from './clients.js';
import { KnownTokens, type Verified } from './known-tokens.js';
import { isRole } from './roles.js';
import { SigningKeys } from './signing-keys.js';

/** Who a request comes from, and in which clinic. */
export interface Identity {
  readonly clinicId: string;
  readonly actor: PersonActor | SystemActor;
}

const systemClaims = z.object({
  kind: z.literal('system'),
  sub: z.string(),
  name: z.string(),
  clinic: z.uuid(),
  connection: z.uuid().nullable(),
  scope: z.string(),
  validation: z.enum(['strict', 'warn', 'off']).default('strict'),
});

const personClaims = z.object({ sub: z.string().min(1), name: z.string().optional(), clinic: z.string().min(1), roles: z.array(z.string()) });

const CLOCK_TOLERANCE_SECONDS = 5;

/** Turns a bearer token into an identity. Systems come with Cairn's own tokens; people with those of the configured OIDC issuer. */
@Injectable()
export class Authenticator {
  #issuerKeys: Promise<JWTVerifyGetKey> | undefined;
  readonly #known = new KnownTokens();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keys: SigningKeys,
    private readonly clients: Clients,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Refuses with 401 a token that is malformed, expired, for another audience, of another issuer, wrongly signed, or of a client that was
   * disabled; it says which.
   */
  identify(token: string): Promise<Identity> {
    return this.#known.identify(token, () => this.#identify(token));
  }

  async #identify(token: string): Promise<Verified> {
    let issuer: string | undefined;
    try {
      issuer = decodeJwt(token).iss;
    } catch {
      throw unauthenticated('The bearer token is not a JWT.', challenge('not a JWT'));
    }
    if (issuer === this.config.PUBLIC_URL) return this.#ours(token);
    if (this.config.OIDC_ISSUER && issuer === this.config.OIDC_ISSUER) return this.#person(await this.#verify(token, await this.#issuer(), this.config.OIDC_AUDIENCE));
    throw unauthenticated('The bearer token comes from an issuer that this clinic does not trust.', challenge('unknown issuer'));
  }

  async #ours(token: string): Promise<Verified> {
    const keySet = createLocalJWKSet(await this.keys.jwks('token'));
    const claims = await this.#verify(token, keySet, this.config.PUBLIC_URL);
    const system = systemClaims.safeParse(claims);
    if (!system.success) {
      if (this.config.CAIRN_MODE !== 'demo') throw unauthenticated('The bearer token does not name a client.', challenge('no client'));
      return this.#person(claims);
    }
    const { sub, name, clinic, connection, scope, validation } = system.data;
    if (await this.clients.isDisabled(sub)) throw unauthenticated('The client of this bearer token is disabled.', challenge('client disabled'));
    const identity: Identity = { clinicId: clinic, actor: { kind: 'system', id: sub, name, connectionId: connection, scopes: scope.split(' ').filter(Boolean), validation } };
    return { identity, expires: expiryOf(claims) };
  }

  async #person(payload: JWTPayload): Promise<Verified> {
    const claims = personClaims.safeParse(payload);
    if (!claims.success) throw unauthenticated('The bearer token lacks the claims "clinic" and "roles".', challenge('claims missing'));
    const clinic = await this.clinics.find(claims.data.clinic);
    if (!clinic) throw unauthenticated('The bearer token names a clinic that is not here.', challenge('unknown clinic'));
    const roles = claims.data.roles.filter(isRole);
    const identity: Identity = { clinicId: clinic.id, actor: { kind: 'person', id: claims.data.sub, name: claims.data.name ?? claims.data.sub, roles } };
    return { identity, expires: expiryOf(payload) };
  }

  async #verify(token: string, keySet: JWTVerifyGetKey, audience: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, keySet, { audience, clockTolerance: CLOCK_TOLERANCE_SECONDS, requiredClaims: ['exp'] });
      return payload;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it does not verify';
      throw unauthenticated(`The bearer token was not accepted: ${reason}.`, challenge(reason));
    }
  }

  async #issuer(): Promise<JWTVerifyGetKey> {
    this.#issuerKeys ??= this.#discover().catch((error: unknown) => {
      this.#issuerKeys = undefined;
      throw error;
    });
    return this.#issuerKeys;
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const response = await fetch(`${this.config.OIDC_ISSUER}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) });
    const { jwks_uri } = z.object({ jwks_uri: z.url() }).parse(await response.json());
    return createRemoteJWKSet(new URL(jwks_uri));
  }
}

/** When a token that was verified ends, in milliseconds since 1970. */
const expiryOf = ({ exp = 0 }: JWTPayload): number => (exp + CLOCK_TOLERANCE_SECONDS) * 1000;

const challenge = (reason: string): string => `Bearer error="invalid_token", error_description="${reason.replaceAll(/["\\\r\n]/g, ' ')}"`;
