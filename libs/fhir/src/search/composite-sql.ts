import type { Component } from '../search-index/composite-source.js';
import { searchText } from '../search-index/search-text.js';
import type { CompositeParameter } from '../search-index/type-index.js';
import type { SqlContext } from './criterion-sql.js';
import { splitEscaped, unescapeText } from './parameter-text.js';
import { refuse } from './refuse.js';
import { beginsSql, COLUMNS, dateSql, dateValue, either, numberSql, quantitySql, tokenSql, type Columns } from './value-sql.js';

const SECOND: Columns = { code: 't.value', system: 't.value_system', unit: 't.unit', low: 't.low', high: 't.high', value: 't.value' };
const THIRD: Columns = { ...SECOND, low: 't.low2', high: 't.high2' };

/** The condition that a row of `fhir_composite` meets one of the values, such as `http://loinc.org|8480-6$gt140`. */
export function compositeSql(name: string, values: readonly string[], { sources }: CompositeParameter, context: SqlContext): string[] {
  const components = sources[0]?.components ?? [];
  return values.map((value) => {
    const parts = splitEscaped(value, '$');
    if (parts.length !== components.length || parts.includes('')) throw refuse(name, `Must be ${components.length} values with "$" between them: ${components.map(({ kind }) => kind).join('$')}.`);
    return `(${components.map((component, position) => partSql(name, parts[position] ?? '', component, [COLUMNS, SECOND, THIRD][position] ?? THIRD, context)).join(' and ')})`;
  });
}

function partSql(name: string, text: string, { kind, plainCodes }: Component, columns: Columns, { bindings, references, now }: SqlContext): string {
  switch (kind) {
    case 'token':
    case 'uri':
      return either(tokenSql([text], plainCodes, bindings, columns));
    case 'string':
      return beginsSql(columns.value, searchText(unescapeText(text)), bindings);
    case 'reference': {
      const target = references.indexed(unescapeText(text));
      if (target === undefined) throw refuse(name, 'Must be a reference such as DocumentReference/1, or a URL.');
      return `${columns.value} = ${bindings.add(target)}`;
    }
    case 'date':
      return dateSql(dateValue(name, text, now), (date) => `${bindings.add(date.getTime())}::float8`, columns);
    case 'number':
      return numberSql(name, text, bindings, columns);
    case 'quantity':
      return quantitySql(name, text, bindings, columns);
  }
}
