import { CairnError, invalid, notFound } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import type { JsonObject } from '../lossless/read-body.js';

/** A request to /fhir, free of any web framework: one that came over HTTP, or an entry of a Bundle. */
export interface FhirRequest {
  readonly method: string;
  /** Parts of the path behind /fhir, decoded. */
  readonly path: readonly string[];
  /** Parameters of the URL, and of a form that was posted. */
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: JsonObject;
  /** The operations of a JSON Patch, which are no JSON object, as compact JSON. */
  readonly operations?: string;
}

/** An answer, free of any web framework. */
export interface FhirAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, ready to be sent; an answer without a body has none. */
  readonly json?: string;
  /** An OperationOutcome about what was done, as JSON; in a Bundle of answers it stands beside the resource. */
  readonly outcome?: string;
  /** What was touched, for the audit. */
  readonly touched?: Touched;
}

/** Whose and which resources an answer or a write is about. */
export interface Touched {
  readonly entities: readonly string[];
  readonly patients: readonly string[];
  /** The labels of what was answered, as bits. */
  readonly labels?: number;
  /** It shows who saw what, which is recorded whomever it concerns. */
  readonly oversight?: boolean;
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** The resource type in a URL. Refuses with 404 what FHIR R4 doesn't know. */
export function typeIn(segment: string | undefined): ResourceType {
  if (segment !== undefined && isResourceType(segment)) return segment;
  throw notFound('A resource type of that name', { code: 'unknown-resource-type' });
}

/** The logical id in a URL. Refuses with 400 what can't be one. */
export function idIn(segment: string | undefined): string {
  if (segment !== undefined && ID.test(segment)) return segment;
  throw invalid('The id in the URL is not a FHIR id.', { code: 'bad-id', issues: [{ path: 'id', message: 'Must be 1 to 64 letters, digits, "-" and ".".' }] });
}

/** The version in a URL. One that Cairn can't have given names nothing, so it isn't found. */
export function versionOf(segment: string | undefined): number {
  if (segment !== undefined && /^[1-9]\d{0,8}$/.test(segment)) return Number(segment);
  throw notFound('A version of that number');
}

/** Parts and parameters of a relative URL such as `Patient/1?_format=json`, or of one below `base`. */
export function splitUrl(url: string, base: string): Pick<FhirRequest, 'path' | 'query'> {
  const relative = url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url.replace(/^\//, '');
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: mark < 0 ? [] : [...new URLSearchParams(relative.slice(mark + 1))],
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('The URL has a "%" that does not stand for a character.', { code: 'bad-url' });
  }
}

/** What the `Prefer` header asks for (R4 http.html#ops). */
export interface Preference {
  readonly answer?: 'minimal' | 'representation' | 'OperationOutcome';
  readonly strict: boolean;
}

export function preferenceIn(header: string | undefined): Preference {
  const words = (header ?? '').split(/[;,]\s*/).map((word) => word.trim());
  const wanted = words.find((word) => word.startsWith('return='))?.slice('return='.length).replaceAll('"', '');
  const answer = wanted === 'minimal' || wanted === 'representation' || wanted === 'OperationOutcome' ? { answer: wanted } as const : {};
  return { ...answer, strict: words.includes('handling=strict') };
}

/** What a `Prefer` header asks of a Bundle that holds for each of its entries: an entry is never answered later. */
export const preferenceOfEntries = (header: string | undefined): string | undefined => header?.split(/[;,]/).filter((word) => /^\s*(return|handling)=/.test(word)).join();

/** Refuses with 405 a method that has no meaning at a URL. */
export const methodNotAllowed = (method: string): CairnError =>
  new CairnError('invalid', `${method} can't be used here.`, { status: 405, code: 'not-supported' });
