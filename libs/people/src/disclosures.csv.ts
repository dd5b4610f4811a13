import type { Disclosure } from './disclosures.service.js';

const COLUMNS = ['at', 'kind', 'who', 'name', 'connectionId', 'act', 'outcome', 'reason', 'of', 'correlationId'] as const;

/** The rows as CSV (RFC 4180) with a header. A field that a spreadsheet would take for a formula gets an apostrophe before it. */
export const disclosuresCsv = (items: readonly Disclosure[]): string =>
  [COLUMNS.join(','), ...items.map((item) => COLUMNS.map((column) => field(item[column])).join(','))].map((line) => `${line}\r\n`).join('');

function field(value: Disclosure[keyof Disclosure]): string {
  const text = value === null ? '' : value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : value.join(' ');
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
