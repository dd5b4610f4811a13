import { rangeOf } from './date-range.js';
import type { RowCollector } from './index-rows.js';
import type { References } from './references.js';

/** What one kind of search parameter takes from a value of one data type. Values of a kind it has no use for leave no row. */
type IndexValue = (rows: RowCollector, source: SourceNumbers, value: unknown, type: string, references: References) => void;

/** Under which numbers the values of a source stand in the index. */
export interface SourceNumbers {
  readonly id: number;
  /** Texts that go with tokens, for `:text`. */
  readonly textId: number;
  /** Identifiers of references, for `:identifier`. */
  readonly identifierId: number;
  /** Identifiers with their type, for `:of-type`. */
  readonly ofTypeId: number;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** R4 search.html#token. */
const token: IndexValue = (rows, source, value, type, references) => {
  if (typeof value === 'string' && value !== '') rows.token(source.id, value);
  if (typeof value === 'boolean') rows.token(source.id, String(value));
  if (!isFields(value) || NOT_TOKENS.has(type)) return;
  const words = text(value['text']) ?? text(value['display']);
  if (words) rows.text(source.textId, words);
  if (type === 'CodeableConcept') {
    for (const coding of list(value['coding'])) token(rows, source, coding, 'Coding', references);
    return;
  }
  // A Coding has a code; an Identifier and a ContactPoint have a value. A ContactPoint's system is not a code system.
  const code = text(value['code']) ?? text(value['value']);
  if (code) rows.token(source.id, code, type === 'ContactPoint' ? undefined : text(value['system']));
  if (type === 'Identifier') typedIdentifier(rows, source, value);
};

/** A choice of types may hold these beside tokens. */
const NOT_TOKENS: ReadonlySet<string> = new Set(['Quantity', 'Range', 'Reference']);

function typedIdentifier(rows: RowCollector, source: SourceNumbers, identifier: Fields): void {
  const kind = identifier['type'];
  if (!isFields(kind)) return;
  const words = text(kind['text']);
  if (words) rows.text(source.textId, words);
  const written = text(identifier['value']);
  for (const coding of list(kind['coding'])) {
    const code = isFields(coding) ? text(coding['code']) : undefined;
    if (written && code && isFields(coding)) rows.token(source.ofTypeId, typedCode(code, written), text(coding['system']));
  }
}

/** How an identifier's type and value stand in the index, for `:of-type`. */
export const typedCode = (code: string, value: string): string => `${code}|${value}`;

const PARTS: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['text', 'family', 'given', 'prefix', 'suffix'],
  Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
};

/** R4 search.html#string: a name or an address is found by each of its parts. */
const string: IndexValue = (rows, source, value, type) => {
  if (typeof value === 'string' && value !== '') rows.text(source.id, value);
  if (!isFields(value)) return;
  for (const part of PARTS[type] ?? []) {
    for (const each of list(value[part])) {
      const written = text(each);
      if (written) rows.text(source.id, written);
    }
  }
};

/** R4 search.html#reference. */
const reference: IndexValue = (rows, source, value, type, references) => {
  if (isFields(value) && isFields(value['identifier'])) {
    const written = text(value['identifier']['value']);
    if (written) rows.token(source.identifierId, written, text(value['identifier']['system']));
  }
  const literal = isFields(value) ? (text(value['reference']) ?? inlineReference(value)) : text(value);
  if (literal === undefined) return;
  // What is contained can't be looked for, but is not missing either.
  rows.reference(source.id, references.indexed(literal) ?? CONTAINED);
  // A canonical reference is found with its version and without (R4 references.html#canonical).
  const bar = type === 'canonical' ? literal.indexOf('|') : -1;
  if (bar > 0) rows.reference(source.id, literal.slice(0, bar));
};

/** Stands in the index for every reference to a contained resource. */
export const CONTAINED = '#';

/** A resource that stands where a reference could: the first entry of a message or a document. */
const inlineReference = (value: Fields): string | undefined => {
  const type = text(value['resourceType']);
  const id = text(value['id']);
  return type && id ? `${type}/${id}` : undefined;
};

/** R4 search.html#date. */
const date: IndexValue = (rows, source, value, type) => {
  const range = type === 'Timing' && isFields(value) ? timingRange(value) : dateRange(value);
  if (range) rows.date(source.id, range.low, range.high);
};

function dateRange(value: unknown): { low: number; high: number } | undefined {
  if (typeof value === 'string') return rangeOf(value);
  if (!isFields(value)) return undefined;
  const start = text(value['start']);
  const end = text(value['end']);
  if (!start && !end) return undefined;
  const low = start ? rangeOf(start)?.low : -Infinity;
  const high = end ? rangeOf(end)?.high : Infinity;
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** A timing is found anywhere between its first and its last event, or within its bounds. */
function timingRange(timing: Fields): { low: number; high: number } | undefined {
  const repeat = timing['repeat'];
  const bounds = isFields(repeat) ? dateRange(repeat['boundsPeriod']) : undefined;
  const ranges = [...list(timing['event']).flatMap((event) => dateRange(event) ?? []), ...(bounds ? [bounds] : [])];
  if (ranges.length === 0) return undefined;
  return { low: Math.min(...ranges.map(({ low }) => low)), high: Math.max(...ranges.map(({ high }) => high)) };
}

const number: IndexValue = (rows, source, value, _type, references) => {
  if (typeof value === 'number') rows.quantity(source.id, value, value);
  else if (isFields(value)) quantity(rows, source, value, 'Quantity', references);
};

/** ISO 4217, the system of a Money's currency (R4 datatypes.html#Money). */
const CURRENCIES = 'urn:iso:std:iso:4217';

/** R4 search.html#quantity. */
const quantity: IndexValue = (rows, source, value, type) => {
  if (!isFields(value)) return;
  if (type === 'Range') {
    const low = isFields(value['low']) ? value['low'] : undefined;
    const high = isFields(value['high']) ? value['high'] : undefined;
    const unit = low ?? high;
    if (unit) rows.quantity(source.id, numberOr(low?.['value'], -Infinity), numberOr(high?.['value'], Infinity), text(unit['system']), text(unit['code']), text(unit['unit']));
    return;
  }
  const amount = value['value'];
  if (typeof amount !== 'number') return;
  if (type === 'Money') rows.quantity(source.id, amount, amount, CURRENCIES, text(value['currency']), text(value['currency']));
  else rows.quantity(source.id, amount, amount, text(value['system']), text(value['code']), text(value['unit']));
};

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const uri: IndexValue = (rows, source, value) => {
  if (typeof value === 'string' && value !== '') rows.token(source.id, value);
};

/** The kinds of search parameter that have an index, and how each takes its values. */
export const INDEXED_KINDS = { token, string, reference, date, number, quantity, uri } as const;

export type IndexedKind = keyof typeof INDEXED_KINDS;

export const isIndexedKind = (kind: string): kind is IndexedKind => kind in INDEXED_KINDS;
