import { hash } from 'node:crypto';

/** A 53-bit number for a text: fits a JavaScript number and a `bigint` column. Never 0, which stands for "none". */
export function hash53(text: string): number {
  const digits = hash('sha1', text, 'hex');
  return Number.parseInt(digits.slice(0, 12), 16) * 32 + (Number.parseInt(digits.slice(12, 14), 16) & 31) || 1;
}

/** A 32-bit number for a text, as an `integer` column takes it. */
export const hash32 = (text: string): number => hash('sha1', text, 'buffer').readInt32BE(0);
