import { invalid } from '@cairn/kernel';
import { isResourceType } from '../definitions/structures.js';
import { rangeOf } from '../search-index/date-range.js';
import { CURSOR } from '../search/search-query.js';
import type { HistoryPlace } from '../store/histories.js';

export type Parameters = readonly (readonly [string, string])[];

/** How many versions a page holds. */
const HISTORY_COUNT = { usual: 50, most: 1000 };

/** What is asked of a history. */
export interface HistoryParameters {
  /** What was taken into account, without the place of the page. */
  readonly self: URLSearchParams;
  readonly count: number;
  readonly since?: Date;
  /** In the history of one resource: only versions below this one. */
  readonly below?: number;
  /** In the history of many: only what comes behind this place. */
  readonly after?: HistoryPlace;
}

/** Understands `_since`, `_count` and the parameters of Cairn's own `next` links; passes over others. Refuses with 400 values that make no sense. */
export function historyParameters(parameters: Parameters): HistoryParameters {
  const self = new URLSearchParams();
  let count = HISTORY_COUNT.usual;
  let read: Omit<HistoryParameters, 'self' | 'count'> = {};
  for (const [name, value] of parameters) {
    if (name === '_since') {
      read = { ...read, since: sinceIn(value) };
      self.set(name, value);
    } else if (name === '_count') {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw badParameter(name, 'Must be a whole number, 1 or more.');
      count = Math.min(Number(value), HISTORY_COUNT.most);
      self.set(name, String(count));
    } else if ((name === '_summary' || name === '_elements') && value !== '') {
      self.set(name, value);
    } else if (name === '_below') {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw badParameter(name, 'Follow the "next" link as it was given.');
      read = { ...read, below: Number(value) };
    } else if (name === CURSOR) {
      read = { ...read, after: readPlace(value) };
    }
  }
  return { self, count, ...read };
}

/** Parameters of a history that would narrow it, and are not understood: to pass over them would answer too much. */
const NARROWING = new Set(['_at', '_list']);

const KNOWN = new Set(['_since', '_count', '_below', CURSOR, '_format', '_pretty', '_summary', '_elements']);

/** Refuses with 400 parameters of R4's that are not supported for histories, and with `strict` all that aren't known. */
export function demandHistoryParameters(parameters: Parameters, strict: boolean): void {
  const wrong = parameters.map(([name]) => name).filter((name) => NARROWING.has(name) || (strict && !KNOWN.has(name)));
  if (wrong.length === 0) return;
  throw invalid('The history has parameters that are not supported.', { code: 'unknown-parameter', issues: wrong.map((name) => ({ path: name, message: 'Histories are narrowed by _since and _count.' })) });
}

/** The start of what `_since` names. Refuses with 400 what is no date or instant. */
export function sinceIn(value: string): Date {
  const range = rangeOf(value);
  if (!range) throw badParameter('_since', 'Must be an instant such as 2024-05-17T10:00:00Z.');
  return new Date(range.low);
}

/** The place as a `next` link carries it. */
export const writePlace = ({ lastUpdated, type, id, version }: HistoryPlace): string =>
  Buffer.from(JSON.stringify([lastUpdated, type, id, version])).toString('base64url');

function readPlace(cursor: string): HistoryPlace {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badPlace();
  }
  if (!Array.isArray(place) || place.length !== 4) throw badPlace();
  const [lastUpdated, type, id, version] = place as readonly unknown[];
  if (typeof lastUpdated !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(lastUpdated) || Number.isNaN(Date.parse(lastUpdated))) throw badPlace();
  if (typeof type !== 'string' || !isResourceType(type) || typeof id !== 'string' || !/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw badPlace();
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1 || version > 2_147_483_647) throw badPlace();
  return { lastUpdated, type, id, version };
}

const badPlace = () => badParameter(CURSOR, 'Follow the "next" link as it was given.');

/** The refusal of a parameter that is no search parameter. */
export const badParameter = (name: string, message: string) => invalid(`The parameter ${name} is wrong.`, { code: 'bad-parameter', issues: [{ path: name, message }] });
