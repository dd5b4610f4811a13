import { rangeOf } from './date-range.js';
import type { RowCollector } from './index-rows.js';
import type { References } from './references.js';

/** What one kind of search parameter takes from a value of one data type. Values of a kind it has no use for leave no row. */
type IndexValue = (rows: RowCollector, source: number, value: unknown, type: string, references: References) => void;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** R4 search.html#token. */
const token: IndexValue = (rows, source, value, type, references) => {
  if (typeof value === 'string' && value !== '') rows.token(source, value);
  if (typeof value === 'boolean') rows.token(source, String(value));
  if (!isFields(value)) return;
  if (type === 'CodeableConcept') {
    for (const coding of list(value['coding'])) token(rows, source, coding, 'Coding', references);
    return;
  }
  // A Coding has a code; an Identifier and a ContactPoint have a value. A ContactPoint's system is not a code system.
  const code = text(value['code']) ?? text(value['value']);
  if (code) rows.token(source, code, type === 'ContactPoint' ? undefined : text(value['system']));
};

const PARTS: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['text', 'family', 'given', 'prefix', 'suffix'],
  Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
};

/** R4 search.html#string: a name or an address is found by each of its parts. */
const string: IndexValue = (rows, source, value, type) => {
  if (typeof value === 'string' && value !== '') rows.text(source, value);
  if (!isFields(value)) return;
  for (const part of PARTS[type] ?? []) {
    for (const each of list(value[part])) {
      const written = text(each);
      if (written) rows.text(source, written);
    }
  }
};

/** R4 search.html#reference. */
const reference: IndexValue = (rows, source, value, _type, references) => {
  const literal = isFields(value) ? (text(value['reference']) ?? inlineReference(value)) : text(value);
  const target = literal === undefined ? undefined : references.indexed(literal);
  if (target) rows.reference(source, target);
};

/** A resource that stands where a reference could: the first entry of a message or a document. */
const inlineReference = (value: Fields): string | undefined => {
  const type = text(value['resourceType']);
  const id = text(value['id']);
  return type && id ? `${type}/${id}` : undefined;
};

/** R4 search.html#date. */
const date: IndexValue = (rows, source, value, type) => {
  const range = type === 'Timing' && isFields(value) ? timingRange(value) : dateRange(value);
  if (range) rows.date(source, range.low, range.high);
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
  if (typeof value === 'number') rows.quantity(source, value, value);
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
    if (unit) rows.quantity(source, numberOr(low?.['value'], -Infinity), numberOr(high?.['value'], Infinity), text(unit['system']), text(unit['code']), text(unit['unit']));
    return;
  }
  const amount = value['value'];
  if (typeof amount !== 'number') return;
  if (type === 'Money') rows.quantity(source, amount, amount, CURRENCIES, text(value['currency']), text(value['currency']));
  else rows.quantity(source, amount, amount, text(value['system']), text(value['code']), text(value['unit']));
};

const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const uri: IndexValue = (rows, source, value) => {
  if (typeof value === 'string' && value !== '') rows.token(source, value);
};

/** The kinds of search parameter that have an index, and how each takes its values. */
export const INDEXED_KINDS = { token, string, reference, date, number, quantity, uri } as const;

export type IndexedKind = keyof typeof INDEXED_KINDS;

export const isIndexedKind = (kind: string): kind is IndexedKind => kind in INDEXED_KINDS;
