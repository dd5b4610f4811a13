import { randomUUID } from 'node:crypto';
import type { Bundle } from '@medplum/fhirtypes';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { SigningKey } from '../shared/signing-key.js';

/** What Cairn answered: the parsed body, or the text when it was not JSON. */
export interface CairnAnswer {
  status: number;
  location: string | undefined;
  body: unknown;
}

/** Cairn could not be reached, or refused the hospital a token. */
export class CairnUnavailable extends Error {}

const discovered = z.object({ token_endpoint: z.url() });
const granted = z.object({ access_token: z.string(), expires_in: z.number() });

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const EARLY_SECONDS = 30;

/** SMART Backend Services, the client's half: the hospital as a system client of Cairn. */
export class CairnClient {
  private token: { value: string; until: number } | undefined;

  /**
   * @param url Cairn's public URL, without a slash at the end
   * @param clientId what Cairn calls this hospital
   */
  constructor(
    readonly url: string,
    readonly clientId: string,
    private readonly key: SigningKey,
    private readonly scope: string,
  ) {}

  /** Posts a Bundle to Cairn's FHIR base. A refusal is an answer, not an error. */
  async postBundle(bundle: Bundle): Promise<CairnAnswer> {
    return this.request('POST', '', bundle);
  }

  /** Sends one FHIR request as the hospital; `path` starts with a slash, or is empty for the base. */
  async request(method: string, path: string, body?: object): Promise<CairnAnswer> {
    const answer = await this.send(method, path, body);
    if (answer.status !== 401) return answer;
    this.token = undefined;
    return this.send(method, path, body);
  }

  /** Returns a token that holds for a while yet; asks for one when there is none. */
  async accessToken(): Promise<string> {
    if (this.token && this.token.until > Date.now()) return this.token.value;
    const tokenUrl = await this.discoverTokenUrl();
    const response = await this.reach(tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: this.scope,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await this.assertion(tokenUrl),
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new CairnUnavailable(`Cairn gave the hospital no token (${response.status}): ${text}`);
    const { access_token: value, expires_in: seconds } = granted.parse(JSON.parse(text));
    this.token = { value, until: Date.now() + (seconds - EARLY_SECONDS) * 1_000 };
    return value;
  }

  private async send(method: string, path: string, body: object | undefined): Promise<CairnAnswer> {
    const headers = {
      authorization: `Bearer ${await this.accessToken()}`,
      accept: 'application/fhir+json',
      ...(body && { 'content-type': 'application/fhir+json' }),
    };
    const response = await this.reach(`${this.url}/fhir${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, location: response.headers.get('location') ?? undefined, body: readBody(await response.text()) };
  }

  private async discoverTokenUrl(): Promise<string> {
    const response = await this.reach(`${this.url}/fhir/.well-known/smart-configuration`, { headers: { accept: 'application/json' } });
    const configuration = discovered.safeParse(readBody(await response.text()));
    if (!configuration.success) throw new CairnUnavailable(`Cairn's smart-configuration names no token_endpoint (HTTP ${response.status})`);
    return configuration.data.token_endpoint;
  }

  private assertion(audience: string): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: this.key.alg, kid: this.key.kid, typ: 'JWT' })
      .setIssuer(this.clientId)
      .setSubject(this.clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(this.key.privateKey);
  }

  private async reach(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      throw new CairnUnavailable(`Cairn is not reached at ${url}`, { cause: error });
    }
  }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
