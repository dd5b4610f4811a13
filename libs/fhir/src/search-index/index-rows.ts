import { hash53 } from './hashes.js';
import { searchText } from './search-text.js';

export interface TokenRow {
  readonly source: number;
  readonly code: string;
  /** Hash of the code system, 0 for none. */
  readonly system: number;
}

export interface StringRow {
  readonly source: number;
  /** The text as it is compared. */
  readonly value: string;
  /** The text as it is written. */
  readonly exact: string;
}

export interface ReferenceRow {
  readonly source: number;
  readonly target: string;
}

/** Milliseconds since 1970, from `low` up to but without `high`; infinite where the range is open. */
export interface DateRow {
  readonly source: number;
  readonly low: number;
  readonly high: number;
}

/** A number or a quantity. A number has no system and no code. */
export interface QuantityRow {
  readonly source: number;
  readonly low: number;
  readonly high: number;
  readonly system: number;
  readonly code: string;
  readonly unit: string;
}

/**
 * Values that stand together in one element, for composites: a token, with a token, string or reference (`value`), a date or quantity
 * (`low` to `high`), or two numbers (the second from `low2` to `high2`). Dates are milliseconds since 1970.
 */
export interface CompositeRow {
  readonly source: number;
  readonly code: string;
  readonly system: number;
  readonly value: string;
  readonly valueSystem: number;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly low2: number;
  readonly high2: number;
}

/** Everything by which one resource can be found. */
export interface IndexRows {
  readonly tokens: readonly TokenRow[];
  readonly strings: readonly StringRow[];
  readonly references: readonly ReferenceRow[];
  readonly dates: readonly DateRow[];
  readonly quantities: readonly QuantityRow[];
  readonly composites: readonly CompositeRow[];
}

/** Codes are cut here, so that an index row stays within PostgreSQL's bounds. */
const MAX_CODE = 500;

const systems = new Map<string, number>();

/** The number that stands for a code system in the index; 0 for none. */
export function systemHash(system: string | undefined): number {
  if (!system) return 0;
  let known = systems.get(system);
  if (known === undefined) {
    known = hash53(system);
    // The sender chooses systems, so what is remembered must have an end.
    if (systems.size < 10_000) systems.set(system, known);
  }
  return known;
}

/** The form in which a code is indexed and searched. */
export const indexedCode = (code: string): string => code.slice(0, MAX_CODE);

/** Gathers the rows of one resource, each once. */
export class RowCollector implements IndexRows {
  readonly tokens: TokenRow[] = [];
  readonly strings: StringRow[] = [];
  readonly references: ReferenceRow[] = [];
  readonly dates: DateRow[] = [];
  readonly quantities: QuantityRow[] = [];
  readonly composites: CompositeRow[] = [];
  readonly #seen = new Set<string>();

  token(source: number, code: string, system?: string): void {
    const row = { source, code: indexedCode(code), system: systemHash(system) };
    if (this.#isNew(`${source}|${row.system}|${row.code}`)) this.tokens.push(row);
  }

  text(source: number, exact: string): void {
    if (this.#isNew(`${source}|${exact}`)) this.strings.push({ source, value: searchText(exact), exact });
  }

  reference(source: number, target: string): void {
    const row = { source, target: indexedCode(target) };
    if (this.#isNew(`${source}|${row.target}`)) this.references.push(row);
  }

  date(source: number, low: number, high: number): void {
    if (this.#isNew(`${source}|${low}|${high}`)) this.dates.push({ source, low, high });
  }

  quantity(source: number, low: number, high: number, system?: string, code = '', unit = ''): void {
    const row = { source, low, high, system: systemHash(system), code: indexedCode(code), unit: indexedCode(unit) };
    if (this.#isNew(`${source}|${low}|${high}|${row.system}|${row.code}|${row.unit}`)) this.quantities.push(row);
  }

  composite(row: CompositeRow): void {
    if (this.#isNew(Object.values(row).join('|'))) this.composites.push(row);
  }

  /** A source has one kind, so keys of different kinds never meet. */
  #isNew(key: string): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}
