import { invalid } from '@cairn/kernel';
import type { FhirRequest } from '../http/fhir-request.js';
import { badParameter, sinceIn } from '../interactions/history-parameters.js';
import { parametersOf, typesIn } from '../operations/operation-parameters.js';
import { CURSOR } from '../search/search-query.js';
import { rangeOf } from '../search-index/date-range.js';
import type { CareTime } from './care-dates.js';

/** How many resources a page holds, at most and unless less is asked for. */
const MOST = 1000;

/** The place behind which a page begins: within the compartment by type and number, or behind it by name. */
export type RecordPlace = { readonly within: 'compartment'; readonly type: string; readonly seq: number } | { readonly within: 'referred'; readonly name: string };

/** What is asked of `$everything`. */
export interface EverythingRequest {
  readonly count: number;
  readonly since?: Date;
  /** Only these types. */
  readonly types?: readonly string[];
  /** Only what tells of care in this time. */
  readonly care?: CareTime;
  readonly after?: RecordPlace;
  /** What was taken into account, without the place of the page. */
  readonly self: URLSearchParams;
  /** Parameters that were passed over. */
  readonly ignored: readonly string[];
}

/**
 * Understands the parameters of `$everything`, from the URL or from a Parameters resource. Refuses with 400 what makes no sense, and with
 * `strict` also what isn't known.
 */
export function everythingRequest(request: FhirRequest, strict: boolean): EverythingRequest {
  const self = new URLSearchParams();
  const types: string[] = [];
  const ignored: string[] = [];
  let count = MOST;
  let read: Pick<EverythingRequest, 'since' | 'after' | 'care'> = {};
  for (const [name, value] of parametersOf(request)) {
    if (name === '_count') {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw badParameter(name, 'Must be a whole number, 1 or more.');
      count = Math.min(Number(value), MOST);
      self.set(name, String(count));
    } else if (name === '_since') {
      read = { ...read, since: sinceIn(value) };
      self.set(name, value);
    } else if (name === 'start' || name === 'end') {
      read = { ...read, care: { ...read.care, ...careBound(name, value) } };
      self.set(name, value);
    } else if (name === '_type') {
      types.push(...typesIn(value));
      self.append(name, value);
    } else if (name === CURSOR) {
      read = { ...read, after: readPlace(value) };
    } else {
      ignored.push(name);
    }
  }
  if (strict && ignored.length > 0) {
    throw invalid('The operation has parameters that are not supported.', {
      code: 'unknown-parameter',
      issues: ignored.map((name) => ({ path: name, message: '$everything takes start, end, _since, _type and _count.' })),
    });
  }
  return { count, self, ignored, ...read, ...(types.length > 0 ? { types } : {}) };
}

/** One bound of the time of care. Both days belong to it. */
function careBound(name: 'start' | 'end', value: string): CareTime {
  const range = rangeOf(value);
  if (!range) throw badParameter(name, 'Must be a date such as 2024-05-17.');
  return name === 'start' ? { from: new Date(range.low) } : { to: new Date(range.high) };
}

/** The place as a `next` link carries it. */
export const writePlace = (place: RecordPlace): string =>
  Buffer.from(JSON.stringify(place.within === 'compartment' ? [place.type, place.seq] : [place.name])).toString('base64url');

function readPlace(cursor: string): RecordPlace {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badPlace();
  }
  if (!Array.isArray(place)) throw badPlace();
  const [first, seq] = place as readonly unknown[];
  if (typeof first !== 'string' || !/^[A-Za-z0-9\-./]{0,150}$/.test(first)) throw badPlace();
  if (place.length === 1) return { within: 'referred', name: first };
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || place.length !== 2) throw badPlace();
  return { within: 'compartment', type: first, seq };
}

const badPlace = () => badParameter(CURSOR, 'Follow the "next" link as it was given.');
