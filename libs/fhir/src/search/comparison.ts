import { refuse } from './refuse.js';

/** How a value is compared (R4 search.html#prefix). */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

const PREFIXED = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+-])(.*)$/;

export interface Prefixed {
  readonly prefix: Prefix;
  readonly text: string;
}

/** Splits `ge2024` into its prefix and the rest; without a prefix it is `eq`. */
export function readPrefix(value: string): Prefixed {
  const match = PREFIXED.exec(value);
  return match ? { prefix: match[1] as Prefix, text: match[2] ?? '' } : { prefix: 'eq', text: value };
}

/**
 * The SQL of the comparison of an indexed range with the range that a search value stands for, both as R4 defines them. `from` and `to`
 * give the ends of the latter when they are needed: PostgreSQL refuses a bound value that nothing uses.
 */
export function compareRanges(prefix: Exclude<Prefix, 'ap'>, low: string, high: string, from: () => string, to: () => string): string {
  switch (prefix) {
    case 'eq':
      return `(${low} >= ${from()} and ${high} <= ${to()})`;
    case 'ne':
      return `(${low} < ${from()} or ${high} > ${to()})`;
    case 'gt':
      return `${high} > ${to()}`;
    case 'lt':
      return `${low} < ${from()}`;
    case 'ge':
      return `(${high} > ${to()} or ${low} >= ${from()})`;
    case 'le':
      return `(${low} < ${from()} or ${high} <= ${to()})`;
    case 'sa':
      return `${low} >= ${to()}`;
    case 'eb':
      return `${high} <= ${from()}`;
  }
}

const NUMBER = /^[+-]?\d{1,30}(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The numbers that a written number stands for: 100 is 99.5 up to 100.5, 1.00 is 0.995 up to 1.005 (R4 search.html#number). */
export function readNumber(name: string, text: string): { readonly value: number; readonly margin: number } {
  const match = NUMBER.exec(text);
  const value = Number(text);
  if (!match || !Number.isFinite(value)) throw refuse(name, 'Must be a number, such as 5.4 or 1e2.');
  const decimals = (match[1]?.length ?? 0) - Number(match[2] ?? 0);
  return { value, margin: 0.5 * 10 ** -decimals };
}
