import { Inject, Injectable } from '@nestjs/common';
import { RealClock, newId, type Clock } from '@cairn/kernel';
import { ASSERTION_TYPE, OutsideHttp, SigningKeys } from '@cairn/platform';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { commonHeaders, type EhrAddress } from './ehr-address.js';
import { SmartDiscovery } from './smart-discovery.js';

/** A token that an EHR gave to Cairn. */
export interface EhrToken {
  readonly value: string;
  /** As granted; the EHR may grant less than was asked. */
  readonly scopes: readonly string[];
  readonly expiresAt: Date;
}

/** The EHR gave no token: it refused, or what it sent is none. */
export class TokenRefused extends Error {
  constructor(
    readonly status: number,
    /** OAuth's error code, such as `invalid_client`, where the EHR named one. */
    readonly code: string,
  ) {
    super(`The EHR gave no token (HTTP ${status}, ${code}).`);
    this.name = 'TokenRefused';
  }
}

const granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().optional(), scope: z.string().optional() });
const refusal = z.object({ error: z.string().regex(/^[\w.-]{1,60}$/) });

/** Life of an assertion in seconds; SMART App Launch 2.0 allows at most five minutes. */
const ASSERTION_SECONDS = 240;
/** What a token without `expires_in` is taken to live, in seconds. */
const ASSUMED_SECONDS = 60;
/** A token is replaced when a fifth of its life, but at most a minute, is left. */
const early = (seconds: number): number => Math.min(seconds / 5, 60);

/**
 * SMART Backend Services, the client's half: exchanges a signed assertion for a token, and keeps it until shortly before it ends. One
 * exchange at a time for each connection, however many calls wait for it. Lives on real time: a demo's clock must not age tokens.
 */
@Injectable()
export class SmartTokens {
  readonly #clock: Clock = new RealClock();
  readonly #kept = new Map<string, { token: EhrToken; replaceAt: number }>();
  readonly #asking = new Map<string, Promise<EhrToken>>();
  readonly #endpoints = new Map<string, string>();

  constructor(
    private readonly http: OutsideHttp,
    private readonly discovery: SmartDiscovery,
    @Inject(SigningKeys) private readonly keys: Pick<SigningKeys, 'current'>,
  ) {}

  /** A token that holds for a while yet. Throws {@link TokenRefused}, or what discovery and the network throw. */
  async token(ehr: EhrAddress): Promise<EhrToken> {
    const key = keyOf(ehr);
    const kept = this.#kept.get(key);
    if (kept && kept.replaceAt > this.#clock.now().getTime()) return kept.token;
    const asking = this.#asking.get(key) ?? this.#ask(ehr, key).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /** A new token, whatever is kept. For tests of a connection. */
  async renew(ehr: EhrAddress): Promise<EhrToken> {
    const key = keyOf(ehr);
    this.#kept.delete(key);
    this.#endpoints.delete(key);
    return this.token(ehr);
  }

  /** Drops a token that the EHR no longer takes, unless it was replaced already. */
  forget(ehr: EhrAddress, token: EhrToken): void {
    const key = keyOf(ehr);
    if (this.#kept.get(key)?.token === token) this.#kept.delete(key);
  }

  async #ask(ehr: EhrAddress, key: string): Promise<EhrToken> {
    const endpoint = this.#endpoints.get(key) ?? (await this.discovery.discover(ehr)).tokenEndpoint;
    const answer = await this.http.send({
      method: 'POST',
      url: endpoint,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...commonHeaders(ehr) },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: ehr.scopes,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await this.#assertion(ehr.clientId, endpoint),
      }).toString(),
    });
    this.#endpoints.delete(key); // Kept only after a success: an EHR that moved is discovered anew.
    const body = readJson(answer.text);
    const parsed = granted.safeParse(body);
    if (answer.status >= 300 || !parsed.success) throw new TokenRefused(answer.status, refusal.safeParse(body).data?.error ?? 'no reason named');
    this.#endpoints.set(key, endpoint);
    const seconds = parsed.data.expires_in ?? ASSUMED_SECONDS;
    const now = this.#clock.now().getTime();
    const token = {
      value: parsed.data.access_token,
      scopes: (parsed.data.scope ?? ehr.scopes).split(' ').filter(Boolean),
      expiresAt: new Date(now + seconds * 1000),
    };
    this.#kept.set(key, { token, replaceAt: now + (seconds - early(seconds)) * 1000 });
    return token;
  }

  async #assertion(clientId: string, audience: string): Promise<string> {
    const key = await this.keys.current('ehr-client');
    const now = Math.floor(this.#clock.now().getTime() / 1000);
    return new SignJWT({})
      .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: 'JWT' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(newId())
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(key.privateKey);
  }
}

const keyOf = ({ connectionId, baseUrl, clientId, scopes }: EhrAddress): string => [connectionId, baseUrl, clientId, scopes].join('\n');

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
