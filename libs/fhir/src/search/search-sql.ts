import { hash53 } from '../search-index/hashes.js';
import type { References } from '../search-index/references.js';
import { typeIndex, type PlainParameter } from '../search-index/type-index.js';
import { FOUND_COLUMNS, type FoundVersion } from '../store/stored-version.js';
import { Bindings } from './bindings.js';
import { criterionSql, leadingSql, leads, meetsSql, referenceTargets, restrictionSql, sourceSql, typesSql, type RestrictionOf, type SqlContext } from './criterion-sql.js';
import { isValue, type Criterion, type ValueCriterion } from './criterion.js';
import type { SearchQuery, SortKey } from './search-query.js';

export interface SearchSql {
  readonly text: string;
  readonly values: readonly unknown[];
  /** It is about one patient's records, which are few, whoever it is: the plan for one is right for all, and the answer never takes long. */
  readonly ofPatient: boolean;
}

/** The place behind which a page begins: the sort keys of the last match and its number, as text. */
export type Place = readonly string[];

/** A match as a page's statement gives it, with the parts of its place: a column each, since an array would have to be made and taken apart for each match. */
export type Match = FoundVersion & Readonly<Record<`place${number}`, string>>;

/** Where a match stands in the order of its search. */
export function placeOf(match: Match): Place {
  const place: string[] = [];
  for (let part = match.place0; part !== undefined; part = match[`place${place.length}`]) place.push(part);
  return place;
}

const placeColumns = (expressions: readonly string[]): string => expressions.map((expression, index) => `, (${expression})::text as place${index}`).join('');

/** Writes the SQL of searches. Text depends only on the form of a search, never on its values. */
export class SearchStatement {
  readonly #bindings = new Bindings();
  readonly #context: SqlContext;
  readonly #where: string;
  readonly #patient: string | undefined;
  /** The numbers of what meets the only condition. */
  readonly #led: string | undefined;
  /** Conditions on dates that the matches are sorted by as well: one look into them serves both. */
  readonly #dated: readonly DatedCriterion[];
  /** Whether some condition is met by few rows, as far as one can tell. */
  readonly #narrowed: boolean;

  constructor(
    clinicId: string,
    private readonly query: Pick<SearchQuery, 'type' | 'types' | 'criteria' | 'sort'>,
    restrictionOf: RestrictionOf,
    references: References,
    now: Date,
  ) {
    const clinic = this.#bindings.add(clinicId);
    this.#context = { bindings: this.#bindings, references, clinic, now, restrictionOf };
    const ofType = query.types ? typesSql(query.types, this.#context) : `r.resource_type = ${this.#bindings.add(query.type)}`;
    const conditions = [`r.clinic_id = ${clinic}`, ofType, `r.method <> 'DELETE'`];
    const patientId = onlyPatient(query, references);
    if (patientId !== undefined) {
      this.#patient = this.#bindings.add(hash53(patientId));
      // That no patient has the number 0 is for PostgreSQL, whose index leaves it out.
      conditions.push(`r.patient = ${this.#patient} and r.patient <> 0`, `${this.#bindings.add(patientId)} = any(r.patient_ids)`);
    }
    const [lone, ...others] = query.criteria;
    if (lone && others.length === 0 && query.sort.length === 0 && patientId === undefined) this.#led = leadingSql(lone, this.#context);
    const remaining = query.criteria.filter((criterion) => patientId === undefined || !namesPatient(criterion, query.type));
    const dated = patientId === undefined ? [] : remaining.filter((criterion) => isSortedBy(criterion, query.sort));
    // Where nothing else says which of the patient's resources are meant, their dates must lead to them.
    this.#dated = remaining.some((criterion) => leads(criterion) && !isSortedBy(criterion, query.sort)) ? dated : [];
    for (const criterion of this.#led === undefined ? remaining : []) {
      if (!this.#dated.some((each) => each === criterion)) conditions.push(criterionSql(criterion, this.#context, this.#patient));
    }
    const restriction = query.types ? undefined : restrictionOf(query.type);
    if (restriction) conditions.push(restrictionSql(restriction, this.#context, this.#patient));
    this.#narrowed = query.criteria.some((criterion) => !isValue(criterion) || criterion.parameter !== '_lastUpdated');
    this.#where = conditions.join('\n  and ');
  }

  /** The matches in order, at most `limit`, from behind `after` on: rows of {@link Match}. */
  page(limit: number, after: Place | undefined): SearchSql {
    if (this.#led !== undefined) return this.#ledPage(this.#led, limit, after);
    const keys = this.query.sort.map((key, index) => this.#sortKey(key, index));
    // Adding 0 keeps PostgreSQL from walking all resources in this order in the hope of meeting the few that match.
    const last = { expression: this.#narrowed ? 'r.seq + 0' : 'r.seq', join: '', cast: 'bigint', descending: false };
    const order = [...keys, last];
    const where = after ? `${this.#where}\n  and ${this.#behind(order, after)}` : this.#where;
    const text = `select ${FOUND_COLUMNS}${placeColumns(order.map(({ expression }) => expression))}
from fhir_resource r${keys.map(({ join }) => join).join('')}
where ${where}
order by ${order.map(({ expression, descending }) => `${expression}${descending ? ' desc' : ''}`).join(', ')}
limit ${this.#bindings.add(limit)}`;
    return this.#told(text);
  }

  /** How many match. */
  count(): SearchSql {
    return this.#told(`select count(*)::int as count from fhir_resource r where ${this.#where}${this.#led === undefined ? '' : ` and r.seq in (${this.#led})`}`);
  }

  /** A page whose resources are the first that the index names: it alone is put in order, however many match. */
  #ledPage(led: string, limit: number, after: Place | undefined): SearchSql {
    const behind = after ? ` where m.seq > ${this.#bindings.add(after[0])}::bigint` : '';
    return this.#told(`select ${FOUND_COLUMNS}${placeColumns(['r.seq'])}
from (select distinct m.seq from (${led}) m${behind} order by m.seq) m join fhir_resource r on r.seq = m.seq
where ${this.#where}
order by m.seq
limit ${this.#bindings.add(limit)}`);
  }

  #told(text: string): SearchSql {
    return { text, values: this.#bindings.values, ofPatient: this.#patient !== undefined && this.query.criteria.every(isValue) };
  }

  #sortKey({ parameter, descending }: SortKey, index: number): OrderKey {
    if (parameter === '_id') return { expression: 'r.id', join: '', cast: 'text', descending };
    if (parameter === '_lastUpdated') return { expression: 'r.last_updated', join: '', cast: 'timestamptz', descending };
    const name = `s${index}`;
    const { table, column, cast, first, last } = sortColumn(parameter, descending);
    const value = `${descending ? 'max' : 'min'}(t.${column})`;
    const rows = `from ${table} t where t.clinic_id = ${this.#context.clinic} and ${sourceSql(parameter, this.#context)}`;
    const met = this.#dated.filter((each) => each.parameter === parameter).map((each) => `bool_or(${meetsSql(each, parameter, this.#context)})`);
    const having = met.length === 0 ? '' : ` having ${met.join(' and ')}`;
    // Dates have an index by resource; the others are gathered for the whole search at once.
    const join =
      table === 'fhir_date'
        ? `\n${having === '' ? 'left ' : ''}join lateral (select ${value} as value ${rows} and t.patient = r.patient and t.seq = r.seq${having}) ${name} on true`
        : `\nleft join (select t.seq, ${value} as value ${rows}${this.#patient ? ` and t.patient = ${this.#patient}` : ''} group by t.seq) ${name} on ${name}.seq = r.seq`;
    // What has no value comes last in either direction.
    return { expression: `coalesce(${name}.value, ${descending ? first : last})`, join, cast, descending };
  }

  /** The condition of standing behind a place in the order. */
  #behind(order: readonly OrderKey[], place: Place): string {
    const [key, ...rest] = order;
    const [value, ...others] = place;
    if (!key || value === undefined) return 'false';
    const bound = `${this.#bindings.add(value)}::${key.cast}`;
    const beyond = `${key.expression} ${key.descending ? '<' : '>'} ${bound}`;
    return rest.length === 0 ? beyond : `(${beyond} or (${key.expression} = ${bound} and ${this.#behind(rest, others)}))`;
  }
}

interface OrderKey {
  readonly expression: string;
  readonly join: string;
  readonly cast: string;
  readonly descending: boolean;
}

/** Where a parameter's values stand for sorting, and what comes before and behind all of them. */
function sortColumn({ kind }: PlainParameter, descending: boolean) {
  const text = { cast: 'text', first: `''`, last: `chr(1114111)` };
  switch (kind) {
    case 'date':
      return { table: 'fhir_date', column: descending ? 'high' : 'low', cast: 'timestamptz', first: `'-infinity'::timestamptz`, last: `'infinity'::timestamptz` };
    case 'number':
    case 'quantity':
      return { table: 'fhir_quantity', column: descending ? 'high' : 'low', cast: 'float8', first: `'-infinity'::float8`, last: `'infinity'::float8` };
    case 'string':
      return { table: 'fhir_string', column: 'value', ...text };
    case 'reference':
      return { table: 'fhir_reference', column: 'target', ...text };
    case 'token':
    case 'uri':
      return { table: 'fhir_token', column: 'code', ...text };
  }
}

/** Whether a condition says whose resources are wanted, by the element that a resource's `patient` number comes from. */
function namesPatient(criterion: Criterion, type: string): criterion is ValueCriterion & { readonly parameter: PlainParameter } {
  if (!isValue(criterion) || typeof criterion.parameter === 'string' || criterion.parameter.kind === 'composite') return false;
  if (criterion.modifier !== '' && criterion.modifier !== 'Patient') return false;
  const { patientSource } = typeIndex(type);
  return patientSource !== undefined && criterion.parameter.sources.length === 1 && criterion.parameter.sources[0] === patientSource;
}

type DatedCriterion = ValueCriterion & { readonly parameter: PlainParameter };

/** Whether a condition is on a date's values themselves, and the matches are sorted by the same. */
const isSortedBy = (criterion: Criterion, sort: readonly SortKey[]): criterion is DatedCriterion =>
  isValue(criterion) && typeof criterion.parameter !== 'string' && criterion.parameter.kind === 'date' && criterion.modifier === '' && sort.some(({ parameter }) => parameter === criterion.parameter);

/** The one patient whose resources can match. */
function onlyPatient({ type, criteria }: Pick<SearchQuery, 'type' | 'criteria'>, references: References): string | undefined {
  const [criterion, ...others] = criteria.flatMap((each) => (namesPatient(each, type) ? [each] : []));
  if (!criterion || others.length > 0) return undefined;
  // "subject=1" may also mean a group of that id; then the rows of the index decide.
  const [target, ...more] = referenceTargets(criterion, criterion.parameter, references);
  return target?.startsWith('Patient/') && more.length === 0 ? target.slice('Patient/'.length) : undefined;
}
