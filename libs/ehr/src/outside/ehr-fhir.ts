import { Injectable } from '@nestjs/common';
import { RealClock, type Clock } from '@cairn/kernel';
import { OutsideHttp, retryAfterSeconds, type OutsideAnswer, type OutsideRequest } from '@cairn/platform';
import { commonHeaders, type EhrAddress } from './ehr-address.js';
import { SmartTokens } from './smart-tokens.js';

/** What an EHR answered to one FHIR interaction. */
export interface FhirAnswer {
  readonly status: number;
  /** Version id, from the ETag. */
  readonly version: string | undefined;
  /** Logical id of what was created, from the Location. */
  readonly createdId: string | undefined;
  /** Body as sent; empty where there was none. */
  readonly text: string;
  /** Seconds that the EHR asks to wait. */
  readonly retryAfter: number | undefined;
  /** The EHR's own time when it answered. */
  readonly date: Date | undefined;
}

const FHIR_JSON = 'application/fhir+json';

/** FHIR R4 calls to an EHR, as the client that Cairn is there. Every answer is returned, whatever its status; see {@link OutsideHttp} for what is thrown. */
@Injectable()
export class EhrFhir {
  readonly #clock: Clock = new RealClock();

  constructor(
    private readonly http: OutsideHttp,
    private readonly tokens: SmartTokens,
  ) {}

  /** The CapabilityStatement, which needs no token. */
  async capabilities(ehr: EhrAddress): Promise<FhirAnswer> {
    return this.#read(await this.http.send({ method: 'GET', url: `${ehr.baseUrl}/metadata`, headers: { accept: FHIR_JSON, ...commonHeaders(ehr) } }));
  }

  read(ehr: EhrAddress, type: string, id: string): Promise<FhirAnswer> {
    return this.#call(ehr, { method: 'GET', url: `${ehr.baseUrl}/${type}/${id}` });
  }

  search(ehr: EhrAddress, type: string, query: Readonly<Record<string, string>>): Promise<FhirAnswer> {
    return this.#call(ehr, { method: 'GET', url: `${ehr.baseUrl}/${type}?${new URLSearchParams(query).toString()}` });
  }

  /** Creates unless the search `ifNoneExist` finds one already (R4, http.html#ccreate). */
  create(ehr: EhrAddress, type: string, body: string, ifNoneExist: string, notices: readonly string[] = []): Promise<FhirAnswer> {
    return this.#call(ehr, { method: 'POST', url: `${ehr.baseUrl}/${type}`, headers: { ...noticed(notices), 'if-none-exist': ifNoneExist, prefer: 'return=representation' }, body });
  }

  /** Replaces; with a version, only if the EHR still has that one (R4, http.html#concurrency). */
  update(ehr: EhrAddress, type: string, id: string, body: string, version: string | undefined, notices: readonly string[] = []): Promise<FhirAnswer> {
    const match: Record<string, string> = version ? { 'if-match': `W/"${version}"` } : {};
    return this.#call(ehr, { method: 'PUT', url: `${ehr.baseUrl}/${type}/${id}`, headers: { ...match, ...noticed(notices), prefer: 'return=representation' }, body });
  }

  remove(ehr: EhrAddress, type: string, id: string): Promise<FhirAnswer> {
    return this.#call(ehr, { method: 'DELETE', url: `${ehr.baseUrl}/${type}/${id}` });
  }

  /** Calls with a token; one that the EHR no longer takes is replaced once. */
  async #call(ehr: EhrAddress, asked: OutsideRequest): Promise<FhirAnswer> {
    const answer = await this.#withToken(ehr, asked);
    return this.#read(answer.status === 401 ? await this.#withToken(ehr, asked) : answer);
  }

  async #withToken(ehr: EhrAddress, asked: OutsideRequest): Promise<OutsideAnswer> {
    const token = await this.tokens.token(ehr);
    const answer = await this.http.send({
      ...asked,
      headers: {
        accept: FHIR_JSON,
        ...(asked.body === undefined ? {} : { 'content-type': FHIR_JSON }),
        ...commonHeaders(ehr),
        ...asked.headers,
        authorization: `Bearer ${token.value}`,
      },
    });
    if (answer.status === 401) this.tokens.forget(ehr, token);
    return answer;
  }

  #read({ status, headers, text }: OutsideAnswer): FhirAnswer {
    const date = instant(headers['date']);
    return {
      status,
      version: /^(?:W\/)?"([^"]+)"$/.exec(headers['etag'] ?? '')?.[1],
      createdId: /\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(headers['location'] ?? '')?.[1],
      text,
      retryAfter: retryAfterSeconds(headers['retry-after'], this.#clock.now()),
      date,
    };
  }
}

/** What the law wants said along with a record. */
const noticed = (notices: readonly string[]): Record<string, string> => (notices.length === 0 ? {} : { 'x-confidentiality-notice': notices.join(' ') });

const instant = (text: string | undefined): Date | undefined => {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds);
};
