import { indexedCode, systemHash } from '../search-index/index-rows.js';
import { rangeOf } from '../search-index/date-range.js';
import { searchText } from '../search-index/search-text.js';
import type { CodesBySystem } from '../terminology/codes-by-system.js';
import type { Bindings } from './bindings.js';
import { compareRanges, readNumber, readPrefix, type Prefix } from './comparison.js';
import { splitEscaped, unescapeText } from './parameter-text.js';
import { refuse } from './refuse.js';

/** Where a kind of value stands in an index row: in the table of its kind, or as one part of a composite. */
export interface Columns {
  readonly code: string;
  readonly system: string;
  readonly unit: string;
  readonly low: string;
  readonly high: string;
  /** Text or reference. */
  readonly value: string;
}

export const COLUMNS: Columns = { code: 't.code', system: 't.system', unit: 't.unit', low: 't.low', high: 't.high', value: 't.value' };

/** One of these must hold. */
export const either = (conditions: readonly string[]): string => (conditions.length === 0 ? 'false' : conditions.length === 1 ? (conditions[0] ?? 'false') : `(${conditions.join(' or ')})`);

/**
 * `code`, `system|code`, `|code` or `system|`. With `plain`, where the definition gives the code system, the one in the search is taken for
 * granted.
 */
export function tokenSql(values: readonly string[], plain: boolean, bindings: Bindings, { code, system }: Columns = COLUMNS): string[] {
  const codes: string[] = [];
  const others: string[] = [];
  for (const value of values) {
    const [first = '', second] = splitEscaped(value, '|').map(unescapeText);
    if (second === undefined || (plain && second !== '')) codes.push(indexedCode(second ?? first));
    else if (second === '') others.push(`${system} = ${bindings.add(systemHash(first))}`);
    else others.push(`(${code} = ${bindings.add(indexedCode(second))} and ${system} = ${bindings.add(systemHash(first))})`);
  }
  if (codes.length > 0) others.push(codes.length === 1 ? `${code} = ${bindings.add(codes[0])}` : `${code} = any(${bindings.add(codes)}::text[])`);
  return others;
}

/** One of the codes under its system; with `plain`, where the definition gives the code system, under any. */
export function codesSql(all: CodesBySystem, plain: boolean, bindings: Bindings): string[] {
  if (plain) return [`t.code = any(${bindings.add([...all.values()].flatMap(({ codes }) => [...codes].map(indexedCode)))}::text[])`];
  return [...all].map(([system, { allBut, codes }]) => {
    const list = `${bindings.add([...codes].map(indexedCode))}::text[]`;
    return `(t.system = ${bindings.add(systemHash(system))} and t.code ${allBut ? `<> all(${list})` : `= any(${list})`})`;
  });
}

/** Behind every text that begins with another. */
const LAST_CHARACTER = '\u{10FFFF}';

/** Texts that begin with this one, as they are compared. */
export function stringSql(text: string, modifier: string, bindings: Bindings): string {
  const value = searchText(text);
  if (modifier === 'exact') return `(t.value = ${bindings.add(value)} and t.exact = ${bindings.add(text)})`;
  if (modifier === 'contains') return `strpos(t.value, ${bindings.add(value)}) > 0`;
  return beginsSql('t.value', value, bindings);
}

/** The column's text begins with this one. */
export const beginsSql = (column: string, text: string, bindings: Bindings): string =>
  `(${column} >= ${bindings.add(text)} and ${column} < ${bindings.add(text + LAST_CHARACTER)})`;

/** A URI itself, or with a modifier those above or below it in the hierarchy of its path (R4 search.html#modifiers). */
export function uriSql(values: readonly string[], modifier: string, bindings: Bindings): string[] {
  const uris = values.map((value) => indexedCode(unescapeText(value)));
  if (modifier === 'below') return uris.map((uri) => `(t.code = ${bindings.add(uri)} or ${beginsSql('t.code', uri.endsWith('/') ? uri : `${uri}/`, bindings)})`);
  return [`t.code = any(${bindings.add(modifier === 'above' ? uris.flatMap(above) : uris)}::text[])`];
}

/** The URI and all that stand above it: `http://a/b/c`, `http://a/b/`, `http://a/b`, `http://a/`, `http://a`. */
function above(uri: string): string[] {
  const start = uri.indexOf('://') + 3;
  const all = [uri];
  for (let at = uri.lastIndexOf('/'); at >= start && start > 2; at = uri.lastIndexOf('/', at - 1)) all.push(uri.slice(0, at + 1), uri.slice(0, at));
  return all;
}

export interface DateValue {
  readonly prefix: Prefix;
  readonly from: Date;
  readonly to: Date;
}

/** A date of a search with its prefix. Refuses what is no date. */
export function dateValue(name: string, value: string, now: Date): DateValue {
  const { prefix, text } = readPrefix(unescapeText(value));
  const range = rangeOf(text);
  if (!range) throw refuse(name, 'Must be a date such as 2024, 2024-05, 2024-05-17 or 2024-05-17T10:00:00Z, with a prefix such as ge if wanted.');
  // R4 search.html#prefix suggests a tenth of the distance to now as the meaning of "approximately".
  const margin = prefix === 'ap' ? Math.abs(now.getTime() - range.low) / 10 : 0;
  return { prefix, from: new Date(range.low - margin), to: new Date(range.high + margin) };
}

/** The comparison of a range of instants; in a composite they are milliseconds. */
export function dateSql({ prefix, from, to }: DateValue, bind: (date: Date) => string, { low, high }: Columns = COLUMNS): string {
  return prefix === 'ap'
    ? `(${low} < ${bind(to)} and ${high} > ${bind(from)})`
    : compareRanges(prefix, low, high, () => bind(from), () => bind(to));
}

export function numberSql(name: string, value: string, bindings: Bindings, { low, high }: Columns = COLUMNS): string {
  const { prefix, text } = readPrefix(unescapeText(value));
  const { value: number, margin } = readNumber(name, text);
  const bound = (exact: number): string => `${bindings.add(exact)}::float8`;
  // Beyond the precision of a double nothing lies between the number and what is just above it.
  const above = Math.max(number + margin, number + Math.abs(number) * Number.EPSILON);
  switch (prefix) {
    case 'eq':
      return `(${low} >= ${bound(number - margin)} and ${high} < ${bound(above)})`;
    case 'ne':
      return `(${low} < ${bound(number - margin)} or ${high} >= ${bound(above)})`;
    case 'ap': {
      const near = Math.max(Math.abs(number) / 10, margin);
      return `(${low} <= ${bound(number + near)} and ${high} >= ${bound(number - near)})`;
    }
    case 'gt':
      return `${high} > ${bound(number)}`;
    case 'lt':
      return `${low} < ${bound(number)}`;
    case 'ge':
      return `${high} >= ${bound(number)}`;
    case 'le':
      return `${low} <= ${bound(number)}`;
    case 'sa':
      return `${low} > ${bound(number)}`;
    case 'eb':
      return `${high} < ${bound(number)}`;
  }
}

/** `5.4`, `5.4|system|code` or `5.4||unit`. */
export function quantitySql(name: string, value: string, bindings: Bindings, columns: Columns = COLUMNS): string {
  const [number = '', system, code] = splitEscaped(value, '|');
  const conditions = [numberSql(name, number, bindings, columns)];
  if (system) conditions.push(`${columns.system} = ${bindings.add(systemHash(unescapeText(system)))}`);
  if (code) {
    const text = bindings.add(indexedCode(unescapeText(code)));
    conditions.push(system ? `${columns.code} = ${text}` : `(${columns.code} = ${text} or ${columns.unit} = ${text})`);
  }
  return conditions.length === 1 ? (conditions[0] ?? '') : `(${conditions.join(' and ')})`;
}
