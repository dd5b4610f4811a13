import { systemHash, indexedCode } from '../search-index/index-rows.js';
import { rangeOf } from '../search-index/date-range.js';
import type { References } from '../search-index/references.js';
import { searchText } from '../search-index/search-text.js';
import type { IndexedParameter } from '../search-index/type-index.js';
import type { Bindings } from './bindings.js';
import { compareRanges, readNumber, readPrefix, type Prefix } from './comparison.js';
import { splitEscaped, unescapeText } from './parameter-text.js';
import { refuse, type Criterion } from './search-query.js';

/** What writing a condition needs to know. */
export interface SqlContext {
  readonly bindings: Bindings;
  readonly references: References;
  /** The clinic, as the text refers to it. */
  readonly clinic: string;
  readonly now: Date;
}

const TABLES = { token: 'fhir_token', uri: 'fhir_token', string: 'fhir_string', reference: 'fhir_reference', date: 'fhir_date', number: 'fhir_quantity', quantity: 'fhir_quantity' } as const;

/**
 * The SQL of one condition on a resource `r`.
 *
 * @param patient reference to the bound hash of the only patient whose resources can match, where the search names one: it leads straight
 *   to that patient's rows of the index
 */
export function criterionSql(criterion: Criterion, context: SqlContext, patient?: string): string {
  const { parameter, modifier, name } = criterion;
  if (parameter === '_id') return idSql(criterion, context);
  if (parameter === '_lastUpdated') return either(criterion.values.map((value) => lastUpdatedSql(name, value, context)));
  const alternatives = either(valuesSql(criterion, parameter, context));
  const ofPatient = patient === undefined ? '' : ` and t.patient = ${patient}`;
  const from = `from ${TABLES[parameter.kind]} t where t.clinic_id = ${context.clinic} and ${sourceSql(parameter, context)}${ofPatient} and ${alternatives}`;
  return modifier === 'not' ? `not exists (select ${from} and t.seq = r.seq)` : `r.seq in (select t.seq ${from})`;
}

/** The condition that a row of an index belongs to a parameter. */
export function sourceSql({ sources }: IndexedParameter, { bindings }: Pick<SqlContext, 'bindings'>): string {
  const [first, ...others] = sources.map(({ id }) => id);
  return others.length === 0 ? `t.source = ${bindings.add(first)}` : `t.source = any(${bindings.add([first, ...others])}::int[])`;
}

const either = (conditions: readonly string[]): string => (conditions.length === 1 ? (conditions[0] ?? 'false') : `(${conditions.join(' or ')})`);

function idSql({ values, modifier }: Criterion, { bindings }: SqlContext): string {
  const ids = bindings.add(values.map(unescapeText));
  return modifier === 'not' ? `r.id <> all(${ids}::text[])` : `r.id = any(${ids}::text[])`;
}

function lastUpdatedSql(name: string, value: string, { bindings, now }: SqlContext): string {
  const { prefix, from, to } = dateValue(name, value, now);
  const instant = 'r.last_updated';
  // A moment has no length, so where a range is compared by its end, "at or after" takes the place of "after".
  if (prefix === 'gt') return `${instant} >= ${bindings.add(to)}`;
  if (prefix === 'eq' || prefix === 'ap') return `${instant} >= ${bindings.add(from)} and ${instant} < ${bindings.add(to)}`;
  if (prefix === 'ge') return `${instant} >= ${bindings.add(from)}`;
  if (prefix === 'le') return `${instant} < ${bindings.add(to)}`;
  if (prefix === 'ne') return `(${instant} < ${bindings.add(from)} or ${instant} >= ${bindings.add(to)})`;
  return prefix === 'sa' ? `${instant} >= ${bindings.add(to)}` : `${instant} < ${bindings.add(from)}`;
}

function valuesSql(criterion: Criterion, parameter: IndexedParameter, context: SqlContext): string[] {
  const { values, modifier, name } = criterion;
  switch (parameter.kind) {
    case 'token':
      return tokenSql(values, parameter, context);
    case 'uri':
      return [`t.code = any(${context.bindings.add(values.map((value) => indexedCode(unescapeText(value))))}::text[])`];
    case 'string':
      return values.map((value) => stringSql(unescapeText(value), modifier, context));
    case 'reference':
      return [referenceSql(criterion, parameter, context)];
    case 'date':
      return values.map((value) => {
        const { prefix, from, to } = dateValue(name, value, context.now);
        return compareRanges(prefix, 't.low', 't.high', () => context.bindings.add(from), () => context.bindings.add(to));
      });
    case 'number':
      return values.map((value) => numberSql(name, value, context));
    case 'quantity':
      return values.map((value) => quantitySql(name, value, context));
  }
}

/** `code`, `system|code`, `|code` or `system|`. Where the definition gives the code system, the one in the search is taken for granted. */
function tokenSql(values: readonly string[], { sources }: IndexedParameter, { bindings }: SqlContext): string[] {
  const plain = sources.every(({ plainCodes }) => plainCodes);
  const codes: string[] = [];
  const others: string[] = [];
  for (const value of values) {
    const [first = '', second] = splitEscaped(value, '|').map(unescapeText);
    if (second === undefined || (plain && second !== '')) codes.push(indexedCode(second ?? first));
    else if (second === '') others.push(`t.system = ${bindings.add(systemHash(first))}`);
    else others.push(`(t.code = ${bindings.add(indexedCode(second))} and t.system = ${bindings.add(systemHash(first))})`);
  }
  if (codes.length > 0) others.push(codes.length === 1 ? `t.code = ${bindings.add(codes[0])}` : `t.code = any(${bindings.add(codes)}::text[])`);
  return others;
}

/** Behind every text that begins with another. */
const LAST_CHARACTER = '\u{10FFFF}';

function stringSql(text: string, modifier: string, { bindings }: SqlContext): string {
  const value = searchText(text);
  if (modifier === 'exact') return `(t.value = ${bindings.add(value)} and t.exact = ${bindings.add(text)})`;
  if (modifier === 'contains') return `strpos(t.value, ${bindings.add(value)}) > 0`;
  return `(t.value >= ${bindings.add(value)} and t.value < ${bindings.add(value + LAST_CHARACTER)})`;
}

/** The index forms that a reference in a search may mean: `Patient/1`, a URL, or an id of any type the parameter allows. */
export function referenceTargets({ values, modifier, name }: Criterion, { target, definition }: IndexedParameter, references: References): string[] {
  const types = modifier ? [modifier] : target ? [target] : definition.targets;
  return values.flatMap((value) => {
    const text = unescapeText(value);
    const indexed = references.indexed(text);
    if (indexed === undefined) throw refuse(name, 'Must be an id, a reference such as Patient/1, or a URL.');
    if (/^[A-Za-z0-9\-.]{1,64}$/.test(text)) return types.map((type) => `${type}/${text}`);
    return types.length === 0 || !references.local(text) || types.some((type) => indexed.startsWith(`${type}/`)) ? [indexed] : [];
  });
}

function referenceSql(criterion: Criterion, parameter: IndexedParameter, { bindings, references }: SqlContext): string {
  const targets = referenceTargets(criterion, parameter, references);
  return targets.length === 1 ? `t.target = ${bindings.add(targets[0])}` : `t.target = any(${bindings.add(targets)}::text[])`;
}

function dateValue(name: string, value: string, now: Date): { readonly prefix: Prefix; readonly from: Date; readonly to: Date } {
  const { prefix, text } = readPrefix(unescapeText(value));
  const range = rangeOf(text);
  if (!range) throw refuse(name, 'Must be a date such as 2024, 2024-05, 2024-05-17 or 2024-05-17T10:00:00Z, with a prefix such as ge if wanted.');
  // R4 search.html#prefix suggests a tenth of the distance to now as the meaning of "approximately".
  const margin = prefix === 'ap' ? Math.abs(now.getTime() - range.low) / 10 : 0;
  return { prefix, from: new Date(range.low - margin), to: new Date(range.high + margin) };
}

function numberSql(name: string, value: string, { bindings }: SqlContext): string {
  const { prefix, text } = readPrefix(unescapeText(value));
  const { value: number, margin } = readNumber(name, text);
  const bound = (exact: number): string => `${bindings.add(exact)}::float8`;
  switch (prefix) {
    case 'eq':
      return `(t.low >= ${bound(number - margin)} and t.high < ${bound(number + margin)})`;
    case 'ne':
      return `(t.low < ${bound(number - margin)} or t.high >= ${bound(number + margin)})`;
    case 'ap': {
      const near = Math.max(Math.abs(number) / 10, margin);
      return `(t.low <= ${bound(number + near)} and t.high >= ${bound(number - near)})`;
    }
    case 'gt':
      return `t.high > ${bound(number)}`;
    case 'lt':
      return `t.low < ${bound(number)}`;
    case 'ge':
      return `t.high >= ${bound(number)}`;
    case 'le':
      return `t.low <= ${bound(number)}`;
    case 'sa':
      return `t.low > ${bound(number)}`;
    case 'eb':
      return `t.high < ${bound(number)}`;
  }
}

/** `5.4`, `5.4|system|code` or `5.4||unit`. */
function quantitySql(name: string, value: string, context: SqlContext): string {
  const [number = '', system, code] = splitEscaped(value, '|');
  const conditions = [numberSql(name, number, context)];
  if (system) conditions.push(`t.system = ${context.bindings.add(systemHash(unescapeText(system)))}`);
  if (code) {
    const text = context.bindings.add(indexedCode(unescapeText(code)));
    conditions.push(system ? `t.code = ${text}` : `(t.code = ${text} or t.unit = ${text})`);
  }
  return conditions.length === 1 ? (conditions[0] ?? '') : `(${conditions.join(' and ')})`;
}
