import type { IndexRows } from '../search-index/index-rows.js';
import { float8s, int4s, int8s, texts, timestamptzs } from './pg-arrays.js';

/** Index rows of one resource, with the number of the resource and of its patient. */
export interface Placed {
  readonly rows: IndexRows;
  readonly seq: number;
  readonly patient: number;
}

interface Column<Row> {
  readonly name: string;
  readonly type: string;
  readonly pack: (rows: readonly Row[]) => Buffer;
}

interface Table {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly pack: (placed: readonly Placed[]) => Buffer[];
}

function table<Row extends object>(name: string, rowsOf: (rows: IndexRows) => readonly Row[], columns: readonly Column<Row>[]): Table {
  return {
    name,
    columns: [...columns, { name: 'patient', type: 'bigint' }, { name: 'seq', type: 'bigint' }],
    pack: (placed) => {
      const rows = placed.flatMap((each) => rowsOf(each.rows));
      // To whom each row belongs, as often as there are rows of it.
      const owners = placed.flatMap((each) => rowsOf(each.rows).map(() => each));
      return [...columns.map(({ pack }) => pack(rows)), int8s(owners.map(({ patient }) => patient)), int8s(owners.map(({ seq }) => seq))];
    },
  };
}

const source = { name: 'source', type: 'int', pack: (rows: readonly { readonly source: number }[]) => int4s(rows.map((row) => row.source)) };

const TABLES: readonly Table[] = [
  table('fhir_token', ({ tokens }) => tokens, [
    source,
    { name: 'code', type: 'text', pack: (rows) => texts(rows.map(({ code }) => code)) },
    { name: 'system', type: 'bigint', pack: (rows) => int8s(rows.map(({ system }) => system)) },
  ]),
  table('fhir_string', ({ strings }) => strings, [
    source,
    { name: 'value', type: 'text', pack: (rows) => texts(rows.map(({ value }) => value)) },
    { name: 'exact', type: 'text', pack: (rows) => texts(rows.map(({ exact }) => exact)) },
  ]),
  table('fhir_reference', ({ references }) => references, [
    source,
    { name: 'target', type: 'text', pack: (rows) => texts(rows.map(({ target }) => target)) },
  ]),
  table('fhir_date', ({ dates }) => dates, [
    source,
    { name: 'low', type: 'timestamptz', pack: (rows) => timestamptzs(rows.map(({ low }) => low)) },
    { name: 'high', type: 'timestamptz', pack: (rows) => timestamptzs(rows.map(({ high }) => high)) },
  ]),
  table('fhir_quantity', ({ quantities }) => quantities, [
    source,
    { name: 'low', type: 'float8', pack: (rows) => float8s(rows.map(({ low }) => low)) },
    { name: 'high', type: 'float8', pack: (rows) => float8s(rows.map(({ high }) => high)) },
    { name: 'system', type: 'bigint', pack: (rows) => int8s(rows.map(({ system }) => system)) },
    { name: 'code', type: 'text', pack: (rows) => texts(rows.map(({ code }) => code)) },
    { name: 'unit', type: 'text', pack: (rows) => texts(rows.map(({ unit }) => unit)) },
  ]),
  table('fhir_composite', ({ composites }) => composites, [
    source,
    { name: 'code', type: 'text', pack: (rows) => texts(rows.map(({ code }) => code)) },
    { name: 'system', type: 'bigint', pack: (rows) => int8s(rows.map(({ system }) => system)) },
    { name: 'value', type: 'text', pack: (rows) => texts(rows.map(({ value }) => value)) },
    { name: 'value_system', type: 'bigint', pack: (rows) => int8s(rows.map(({ valueSystem }) => valueSystem)) },
    { name: 'unit', type: 'text', pack: (rows) => texts(rows.map(({ unit }) => unit)) },
    { name: 'low', type: 'float8', pack: (rows) => float8s(rows.map(({ low }) => low)) },
    { name: 'high', type: 'float8', pack: (rows) => float8s(rows.map(({ high }) => high)) },
    { name: 'low2', type: 'float8', pack: (rows) => float8s(rows.map(({ low2 }) => low2)) },
    { name: 'high2', type: 'float8', pack: (rows) => float8s(rows.map(({ high2 }) => high2)) },
  ]),
];

/** How many parameters one set of index rows takes in a statement. */
export const INDEX_PARAMETERS = TABLES.reduce((sum, { columns }) => sum + columns.length, 0);

/** The values of those parameters. */
export const indexValues = (placed: readonly Placed[]): Buffer[] => TABLES.flatMap(({ pack }) => pack(placed));

const arrays = ({ columns }: Table, first: number): string => columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ');

/** Parts of a `with` that insert index rows for the clinic $1; the rows' parameters begin at `first`. */
export function insertIndexRows(first: number): string {
  let next = first;
  return TABLES.map((each) => {
    const names = each.columns.map(({ name }) => name).join(', ');
    const part = `in_${each.name} as (insert into ${each.name} (clinic_id, ${names}) select $1::uuid, * from unnest(${arrays(each, next)}))`;
    next += each.columns.length;
    return part;
  }).join(',\n');
}

/** Parts of a `with` that delete exactly these index rows. */
export function deleteIndexRows(first: number): string {
  let next = first;
  return TABLES.map((each) => {
    const names = each.columns.map(({ name }) => name);
    // What adds 0 is always true. It makes PostgreSQL expect one row, where it expects ten of any list, and so look each up by all that is known of it: planned
    // while the tables are nearly empty, the statement would otherwise read all rows of the clinic, and go on so when there are many.
    const part = `out_${each.name} as (delete from ${each.name} t using (select * from unnest(${arrays(each, next)}) as l (${names.join(', ')}) where l.seq + 0 = l.seq) d
      where t.clinic_id = $1 and ${names.map((name) => `t.${name} = d.${name}`).join(' and ')})`;
    next += each.columns.length;
    return part;
  }).join(',\n');
}

/** What must be deleted and inserted so that the index says `after` instead of `before`. */
export function difference(before: Placed, after: Placed): { readonly gone: Placed; readonly come: Placed } {
  if (before.patient !== after.patient) return { gone: before, come: after };
  return { gone: { ...before, rows: without(before.rows, after.rows) }, come: { ...after, rows: without(after.rows, before.rows) } };
}

const without = (rows: IndexRows, others: IndexRows): IndexRows => ({
  tokens: minus(rows.tokens, others.tokens),
  strings: minus(rows.strings, others.strings),
  references: minus(rows.references, others.references),
  dates: minus(rows.dates, others.dates),
  quantities: minus(rows.quantities, others.quantities),
  composites: minus(rows.composites, others.composites),
});

function minus<Row extends object>(rows: readonly Row[], others: readonly Row[]): Row[] {
  const key = (row: Row): string => Object.values(row).join('\u0000');
  const known = new Set(others.map(key));
  return rows.filter((row) => !known.has(key(row)));
}
