import { CairnError, invalid } from '@cairn/kernel';
import { elementsOf, membersOf } from '../lossless/json-parts.js';
import type { JsonObject } from '../lossless/read-body.js';

/** One entry of a batch or a transaction: a request, as if it had come alone. */
export interface BundleEntry {
  /** Where it stands: `Bundle.entry[3]`. */
  readonly path: string;
  readonly fullUrl?: string;
  readonly method: string;
  /** As it was written, such as `Patient?name=x`. */
  readonly url: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
  readonly ifNoneExist?: string;
  readonly resource?: JsonObject;
}

export interface RequestBundle {
  readonly type: 'transaction' | 'batch';
  readonly entries: readonly BundleEntry[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Reads a Bundle of requests. Refuses another type of Bundle, entries that are not requests, and more than `maxEntries` of them (413). The
 * entries' resources are not validated here: references between them have to be resolved first.
 */
export function readBundle(body: JsonObject, maxEntries: number): RequestBundle {
  const { value } = body;
  if (value['resourceType'] !== 'Bundle') throw bad('resourceType', 'Must be Bundle: only batches and transactions are posted here.');
  const type = value['type'];
  if (type !== 'transaction' && type !== 'batch') throw bad('Bundle.type', 'Must be transaction or batch. Other Bundles are stored by POST to /fhir/Bundle.');
  const entries = entriesIn(body, maxEntries);
  const texts = resourceTexts(body.json);
  return { type, entries: entries.map((entry: unknown, index) => readEntry(entry, `Bundle.entry[${index}]`, texts[index])) };
}

/** A Bundle's entries, as they stand. Refuses what is no list, and more than `maxEntries` of them (413). */
export function entriesIn({ value }: JsonObject, maxEntries: number): readonly unknown[] {
  const entries = value['entry'] ?? [];
  if (!Array.isArray(entries)) throw bad('Bundle.entry', 'Must be a list.');
  if (entries.length > maxEntries) {
    throw new CairnError('invalid', `The Bundle has ${entries.length} entries; at most ${maxEntries} are taken at once.`, {
      status: 413,
      code: 'too-many-entries',
      issues: [{ path: 'Bundle.entry', message: `Send at most ${maxEntries} entries in one Bundle.` }],
    });
  }
  return entries;
}

/** The JSON of each entry's resource, in order. */
export function resourceTexts(json: string): (string | undefined)[] {
  const entry = membersOf(json).find(({ key }) => key === 'entry');
  if (!entry || json[entry.valueStart] !== '[') return [];
  return elementsOf(json, entry.valueStart).map(({ start }) => {
    if (json[start] !== '{') return undefined;
    const resource = membersOf(json, start).find(({ key }) => key === 'resource');
    return resource && json.slice(resource.valueStart, resource.end);
  });
}

function readEntry(entry: unknown, path: string, json: string | undefined): BundleEntry {
  if (!isFields(entry)) throw bad(path, 'Must be an object.');
  const { request, resource, fullUrl } = entry;
  if (!isFields(request)) throw bad(`${path}.request`, 'Is required and missing.');
  const { method, url } = request;
  if (typeof method !== 'string' || !METHODS.includes(method)) throw bad(`${path}.request.method`, `Must be one of ${METHODS.join(', ')}.`);
  if (typeof url !== 'string') throw bad(`${path}.request.url`, 'Is required and missing.');
  if (resource !== undefined && (!isFields(resource) || json === undefined)) throw bad(`${path}.resource`, 'Must be an object.');
  return {
    path,
    method,
    url,
    ...optional('fullUrl', fullUrl, path),
    ...optional('ifMatch', request['ifMatch'], `${path}.request`),
    ...optional('ifNoneMatch', request['ifNoneMatch'], `${path}.request`),
    ...optional('ifModifiedSince', request['ifModifiedSince'], `${path}.request`),
    ...optional('ifNoneExist', request['ifNoneExist'], `${path}.request`),
    ...(isFields(resource) && json !== undefined ? { resource: { json, value: resource } } : {}),
  };
}

function optional(key: string, value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'string') throw bad(`${path}.${key}`, 'Must be a text.');
  return { [key]: value };
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (path: string, message: string): CairnError => invalid('The Bundle can not be done as it is.', { code: 'bad-bundle', issues: [{ path, message }] });
