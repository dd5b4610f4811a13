import type { CairnError} from '@cairn/kernel';
import { notFound } from '@cairn/kernel';
import { etag, noticesFor } from '@cairn/platform';
import type { History } from '../interactions/fhir-reads.js';
import type { Written } from '../interactions/write-request.js';
import type { SearchQuery } from '../search/search-query.js';
import { CURSOR } from '../search/search-query.js';
import { MAX_INCLUDED, MAX_ROUNDS } from '../search/inclusion.js';
import type { SearchResult } from '../search/search.js';
import type { Shape } from '../search/shape.js';
import { isDeleted, nameOf, type FoundVersion } from '../store/stored-version.js';
import type { Note } from '../validation/fault.js';
import { abridge } from './abridge.js';
import type { FhirAnswer, Preference, Touched } from './fhir-request.js';
import { outcomeOf } from './notes-outcome.js';

/** Writes what the store holds as answers. Resources go out as the text they are stored as. */
export class Answers {
  /** @param base this server's FHIR address, without a slash at its end */
  constructor(readonly base: string) {}

  /** One version, as read and vread answer it. Refuses a tombstone with 410. */
  version(version: FoundVersion, shape?: Shape): FhirAnswer {
    if (isDeleted(version)) throw gone(version);
    return { status: 200, headers: this.#headers(version), json: shape ? abridge(version.type, version.json, shape) : version.json, touched: touchedBy([version]) };
  }

  /** What came of a write, as the caller prefers to hear it. */
  written({ status, version, others = [], notes = [] }: Written, { answer = 'representation' }: Preference): FhirAnswer {
    if (!version) return { status };
    const touched = touchedBy([version, ...others]);
    const headers = this.#headers(version);
    if (isDeleted(version)) return { status, headers: { etag: headers.etag }, touched };
    // Also where nothing was created: whoever named the resource by criteria has no other way to learn which it is.
    const located = { ...headers, location: this.#versionUrl(version), ...warningOf(notes) };
    const told = notes.length > 0 ? { outcome: JSON.stringify(outcomeOf(notes)) } : {};
    if (answer === 'minimal') return { status, headers: located, touched, ...told };
    const whole = { ...located, 'content-location': this.#versionUrl(version) };
    if (answer === 'representation') return { status, headers: whole, json: version.json, touched, ...told };
    const stored: Note = { severity: 'information', code: 'informational', path: '', message: `${nameOf(version)} is stored as version ${version.version}.` };
    const outcome = JSON.stringify(outcomeOf([stored, ...notes]));
    return { status, headers: whole, json: outcome, touched, outcome };
  }

  /** A page of a search, as a Bundle. */
  searchset(query: SearchQuery, result: SearchResult): FhirAnswer {
    const { matches, included, total, next, includesCut, notes: told = [] } = result;
    const touched = touchedBy([...matches, ...included]);
    const notes = [
      ...query.ignored.map((name) => `The search parameter "${name}" is not known for ${query.types ? 'all of these types' : query.type} and was ignored.`),
      ...(includesCut ? [CUT[includesCut]] : []),
      ...told,
      ...noticesFor(touched.labels ?? 0),
    ];
    const entries = [
      ...matches.map((version) => this.#entry(version, `"search":{"mode":"match"}`, query.shape)),
      ...included.map((version) => this.#entry(version, `"search":{"mode":"include"}`, query.shape?.kind === 'elements' ? undefined : query.shape)),
      ...(notes.length > 0 ? [outcomeEntry(notes)] : []),
    ];
    const self = new URLSearchParams(query.applied);
    const links = [this.#link('self', `${this.base}/${query.address}`, self)];
    if (next !== undefined) {
      const parameters = new URLSearchParams(self);
      if (!parameters.has('_count')) parameters.set('_count', String(query.count));
      parameters.set(CURSOR, next);
      links.push(this.#link('next', `${this.base}/${query.address}`, parameters));
    }
    return { status: 200, json: bundle('searchset', entries, { total, links }), touched };
  }

  /** A page of the record that belongs to a resource (`Patient/1`), as a Bundle: what is its own as matches, what that refers to as included. */
  record(of: string, { members, referred, self, next, ignored }: RecordAnswer): FhirAnswer {
    const entries = [
      ...members.map((version) => this.#entry(version, `"search":{"mode":"match"}`)),
      ...referred.map((version) => this.#entry(version, `"search":{"mode":"include"}`)),
      ...(ignored.length > 0 ? [outcomeEntry(ignored.map((name) => `The parameter "${name}" is not supported and was ignored.`))] : []),
    ];
    const address = `${this.base}/${of}/$everything`;
    const links = [this.#link('self', address, self), ...(next ? [this.#link('next', address, next)] : [])];
    return { status: 200, json: bundle('searchset', entries, { links }), touched: touchedBy([...members, ...referred]) };
  }

  /** What `$match` found, the likeliest first, as a Bundle. */
  matches(graded: readonly GradedMatch[]): FhirAnswer {
    const entries = graded.map(({ version, score, grade }) =>
      this.#entry(version, `"search":${JSON.stringify({ extension: [{ url: MATCH_GRADE, valueCode: grade }], mode: 'match', score })}`),
    );
    return { status: 200, json: bundle('searchset', entries, { total: graded.length, links: [] }), touched: touchedBy(graded.map(({ version }) => version)) };
  }

  /** A version that the caller has already. */
  unchanged(version: FoundVersion): FhirAnswer {
    return { status: 304, headers: this.#headers(version), touched: touchedBy([version]) };
  }

  /** A page of a history, as a Bundle, newest first. `of` is what it is the history of: `Patient/1`, `Patient`, or nothing for all. */
  history(of: readonly string[], { versions, total, self, next }: History, shape?: Shape): FhirAnswer {
    const entries = versions.map((version) => {
      const url = version.method === 'POST' ? version.type : nameOf(version);
      const status = version.method === 'DELETE' ? '204' : version.version === 1 ? '201' : '200';
      const response = { status, etag: etag(version.version), lastModified: version.lastUpdated.toISOString() };
      return this.#entry(version, `"request":${JSON.stringify({ method: version.method, url })},"response":${JSON.stringify(response)}`, shape);
    });
    const address = [this.base, ...of, '_history'].join('/');
    const links = [this.#link('self', address, self), ...(next ? [this.#link('next', address, next)] : [])];
    return { status: 200, json: bundle('history', entries, { total, links }), touched: touchedBy(versions) };
  }

  /** What came of the entries of a batch or a transaction, as a Bundle. */
  responses(type: 'transaction-response' | 'batch-response', answers: readonly FhirAnswer[]): FhirAnswer {
    const entries = answers.map(({ status, headers = {}, json, outcome: beside }) => {
      const isOutcome = status >= 400;
      const response = {
        status: String(status),
        ...(headers['location'] ? { location: headers['location'] } : {}),
        ...(headers['etag'] ? { etag: headers['etag'] } : {}),
        ...(headers['last-modified'] ? { lastModified: new Date(headers['last-modified']).toISOString() } : {}),
      };
      const about = isOutcome ? json : beside;
      const told = about ? `${JSON.stringify(response).slice(0, -1)},"outcome":${about}}` : JSON.stringify(response);
      // Who prefers to hear of the outcome gets it as such, and no resource.
      const resource = isOutcome || json === beside ? undefined : json;
      return `{${resource ? `"resource":${resource},` : ''}"response":${told}}`;
    });
    return { status: 200, json: bundle(type, entries, { links: [] }), touched: mergeTouched(answers.flatMap(({ touched }) => touched ?? [])) };
  }

  #headers(version: FoundVersion) {
    return { etag: etag(version.version), 'last-modified': version.lastUpdated.toUTCString() };
  }

  #versionUrl(version: FoundVersion): string {
    return `${this.base}/${nameOf(version)}/_history/${version.version}`;
  }

  #entry(version: FoundVersion, rest: string, shape?: Shape): string {
    const resource = isDeleted(version) ? '' : `"resource":${shape ? abridge(version.type, version.json, shape) : version.json},`;
    return `{"fullUrl":${JSON.stringify(`${this.base}/${nameOf(version)}`)},${resource}${rest}}`;
  }

  #link(relation: string, address: string, parameters: URLSearchParams): { relation: string; url: string } {
    const query = parameters.toString();
    return { relation, url: query === '' ? address : `${address}?${query}` };
  }
}

/** A patient who may be the one asked for. */
export interface GradedMatch {
  readonly version: FoundVersion;
  /** From 0 to 1. */
  readonly score: number;
  readonly grade: string;
}

const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';

/** A page of a record, with what the next page is asked by. */
interface RecordAnswer {
  readonly members: readonly FoundVersion[];
  readonly referred: readonly FoundVersion[];
  readonly self: URLSearchParams;
  readonly next?: URLSearchParams;
  /** Parameters that were passed over. */
  readonly ignored: readonly string[];
}

const outcomeEntry = (notes: readonly string[]): string => `{"resource":${JSON.stringify(outcomeOf(notes.map((message) => ({ severity: 'warning', code: 'not-supported', path: '', message }))))},"search":{"mode":"outcome"}}`;

/** What is said when a bound kept more from being included. */
const CUT = {
  number: `More than ${MAX_INCLUDED} resources would have been included; the rest was left out.`,
  rounds: `":iterate" was followed ${MAX_ROUNDS} times; what it would have led to further was left out.`,
} as const;

function bundle(type: string, entries: readonly string[], { total, links }: { readonly total?: number | undefined; readonly links: readonly object[] }): string {
  const head = { resourceType: 'Bundle', type, ...(total === undefined ? {} : { total }), ...(links.length > 0 ? { link: links } : {}) };
  const text = JSON.stringify(head);
  return entries.length === 0 ? text : `${text.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}

/** Tells that there is something to tell, to whoever asked for the resource itself (RFC 7234, 5.5). */
const warningOf = (notes: readonly Note[]): { warning?: string } =>
  notes.length === 0 ? {} : { warning: `299 cairn "Stored with ${notes.length} ${notes.length === 1 ? 'note' : 'notes'} on its content; Prefer: return=OperationOutcome tells them"` };

/** What an answer that tells of these versions touches. */
export const touchedBy = (versions: readonly FoundVersion[]): Touched => ({
  entities: versions.map(nameOf),
  patients: [...new Set(versions.flatMap(({ patientIds }) => patientIds))],
  labels: versions.reduce((bits, { labels }) => bits | labels, 0),
});

const mergeTouched = (all: readonly Touched[]): Touched => ({
  entities: all.flatMap(({ entities }) => entities),
  patients: [...new Set(all.flatMap(({ patients }) => patients))],
  labels: all.reduce((bits, { labels = 0 }) => bits | labels, 0),
});

const gone = ({ version }: FoundVersion): CairnError =>
  notFound('The resource', { status: 410, code: 'deleted', issues: [{ path: '', message: `It was deleted in version ${version}; its history is still there.` }] });
