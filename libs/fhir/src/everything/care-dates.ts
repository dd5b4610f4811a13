import { typeIndex } from '../search-index/type-index.js';
import type { SqlContext } from '../search/criterion-sql.js';
import table from './care-dates.json' with { type: 'json' };

/** A time of care; without a bound it is open on that side. */
export interface CareTime {
  readonly from?: Date;
  readonly to?: Date;
}

/** The search parameter that says when the care took place of which a type tells. What lasts, such as a Condition or a Goal, has none. */
const parameters: ReadonlyMap<string, string> = new Map(Object.entries(table.parameters));

/** The condition that a resource `r` of one of the types tells of care within the time; what has no date of care is never left out. */
export function careTimeSql(types: readonly string[], { from, to }: CareTime, { bindings, clinic }: SqlContext): string {
  const within = [...(from ? [`t.high > ${bindings.add(from)}`] : []), ...(to ? [`t.low < ${bindings.add(to)}`] : [])].join(' and ');
  return `coalesce((select bool_or(${within}) from fhir_date t where t.clinic_id = ${clinic} and t.source = any(${bindings.add(types.flatMap(sourcesOf))}::int[]) and t.patient = r.patient and t.seq = r.seq), true)`;
}

function sourcesOf(type: string): number[] {
  const code = parameters.get(type);
  const parameter = code === undefined ? undefined : typeIndex(type).parameters.get(code);
  return parameter?.kind === 'date' ? parameter.sources.map(({ id }) => id) : [];
}
