import { readObject } from '../lossless/read-body.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import type { FoundVersion } from '../store/stored-version.js';
import { Bindings } from './bindings.js';
import { criterionSql, type SqlContext } from './criterion-sql.js';
import type { ValueCriterion } from './criterion.js';

type Cell = string | number;

/** What the index cuts may end in half a character, which jsonb refuses and UTF-8 replaces. */
const wellFormed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value);

const NAMES = ['fhir_token', 'fhir_string', 'fhir_reference', 'fhir_date', 'fhir_quantity', 'fhir_composite'] as const;

/** The columns of the index's tables that conditions look at, as JSON gives them. */
const COLUMNS: Readonly<Record<(typeof NAMES)[number], string>> = {
  fhir_token: 'source int, code text collate "C", system bigint',
  fhir_string: 'source int, value text collate "C", exact text collate "C"',
  fhir_reference: 'source int, target text collate "C"',
  fhir_date: 'source int, low_ms float8, high_ms float8',
  fhir_quantity: 'source int, low float8, high float8, system bigint, code text collate "C", unit text collate "C"',
  fhir_composite: 'source int, code text collate "C", system bigint, value text collate "C", value_system bigint, unit text collate "C", low float8, high float8, low2 float8, high2 float8',
};

/**
 * The SQL of the question whether one version, past or present, meets conditions on its own values. They are written as for a search: for this statement, the
 * version and what it would have in the index stand under the names of the tables.
 */
export function versionSql(version: FoundVersion, criteria: readonly ValueCriterion[], references: References, { clinicId, now }: { readonly clinicId: string; readonly now: Date }): { readonly text: string; readonly values: readonly unknown[] } {
  const bindings = new Bindings();
  const clinic = bindings.add(clinicId);
  const context: SqlContext = { bindings, references, clinic, now, restrictionOf: () => undefined };
  const rows = rowsOf(version, references);
  const tables = NAMES.map((name) => `${name} as (select ${clinic}::uuid as clinic_id, 0::bigint as seq, i.*${name === 'fhir_date' ? ', to_timestamp(i.low_ms / 1000) as low, to_timestamp(i.high_ms / 1000) as high' : ''} from jsonb_to_recordset(${bindings.add(JSON.stringify(rows[name], wellFormed))}::jsonb) as i (${COLUMNS[name]}))`);
  const resource = `select 0::bigint as seq, ${bindings.add(version.id)}::text as id, ${bindings.add(version.lastUpdated)}::timestamptz as last_updated`;
  const conditions = criteria.map((criterion) => criterionSql(criterion, context));
  return { text: `with ${tables.join(',\n')} select ${conditions.join('\n  and ') || 'true'} as met from (${resource}) r`, values: bindings.values };
}

function rowsOf({ type, json }: FoundVersion, references: References): Readonly<Record<(typeof NAMES)[number], readonly Readonly<Record<string, Cell>>[]>> {
  const { tokens, strings, references: targets, dates, quantities, composites } = typeIndex(type).rowsOf(readObject(json).value, references);
  return {
    fhir_token: tokens.map((row) => ({ ...row })),
    fhir_string: strings.map((row) => ({ ...row })),
    fhir_reference: targets.map((row) => ({ ...row })),
    // JSON has no number for what is open at an end.
    fhir_date: dates.map(({ source, low, high }) => ({ source, low_ms: String(low), high_ms: String(high) })),
    fhir_quantity: quantities.map(({ low, high, ...row }) => ({ ...row, low: String(low), high: String(high) })),
    fhir_composite: composites.map(({ low, high, low2, high2, valueSystem, ...row }) => ({ ...row, value_system: valueSystem, low: String(low), high: String(high), low2: String(low2), high2: String(high2) })),
  };
}
