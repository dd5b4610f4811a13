import { indexedCode, systemHash } from '../search-index/index-rows.js';
import { CONTAINED, typedCode } from '../search-index/index-value.js';
import type { References } from '../search-index/references.js';
import type { IndexedParameter, PlainParameter } from '../search-index/type-index.js';
import type { Bindings } from './bindings.js';
import { needsTerminology } from './coded-criteria.js';
import { compositeSql } from './composite-sql.js';
import { isValue, type Criterion, type Through, type ChainCriterion, type ItselfCriterion, type ReverseCriterion, type ValueCriterion } from './criterion.js';
import { splitEscaped, unescapeText } from './parameter-text.js';
import { refuse } from './refuse.js';
import { codesSql, dateSql, dateValue, either, numberSql, quantitySql, stringSql, tokenSql, uriSql } from './value-sql.js';

/** Conditions that the caller's rights put on a type: one of the lists must hold in full. Undefined puts none. */
export type Restriction = readonly (readonly Criterion[])[] | undefined;

/** What a caller may see of a type: undefined is everything that row-level security leaves, an empty list nothing. */
export type RestrictionOf = (type: string) => Restriction;

/** What writing a condition needs to know. */
export interface SqlContext {
  readonly bindings: Bindings;
  readonly references: References;
  /** The clinic, as the text refers to it. */
  readonly clinic: string;
  readonly now: Date;
  /** What the caller may see of the types that a condition looks through. */
  readonly restrictionOf: RestrictionOf;
}

const TABLES = {
  token: 'fhir_token',
  uri: 'fhir_token',
  string: 'fhir_string',
  reference: 'fhir_reference',
  date: 'fhir_date',
  number: 'fhir_quantity',
  quantity: 'fhir_quantity',
  composite: 'fhir_composite',
} as const;

/**
 * The SQL of one condition on a resource `r`.
 *
 * @param patient reference to the bound hash of the only patient whose resources can match, where the search names one: it leads straight
 *   to that patient's rows of the index
 */
export function criterionSql(criterion: Criterion, context: SqlContext, patient?: string): string {
  if ('itself' in criterion) return itselfSql(criterion, context, patient);
  if (!isValue(criterion)) return 'from' in criterion ? reverseSql(criterion, context) : chainSql(criterion, context, patient);
  const { parameter, modifier, name, values } = criterion;
  if (parameter === '_id') return idSql(criterion, context);
  if (parameter === '_lastUpdated') return either(values.map((value) => lastUpdatedSql(name, value, context)));
  const ids = parameter.sources.map(({ id }) => id);
  if (modifier === 'missing') {
    const present = [rowsSql(TABLES[parameter.kind], ids, context, patient, ofTarget(parameter, context.bindings)), ...alsoPresent(parameter).map(({ table, numbers }) => rowsSql(table, numbers, context, patient))].map((select) => `r.seq in (${select})`);
    return values[0] === 'true' ? `not ${either(present)}` : either(present);
  }
  if (modifier === 'not' || modifier === 'not-in') return `not exists (${rowsSql(TABLES[parameter.kind], ids, context, patient, meetsSql(criterion, parameter, context))} and t.seq = r.seq)`;
  return `r.seq in (${numbersOf(criterion, parameter, context, patient)})`;
}

/** The numbers of the resources that meet a condition, read from the index alone; undefined where the condition says what they must not have. */
export function leadingSql(criterion: Criterion, context: SqlContext): string | undefined {
  return leads(criterion) ? numbersOf(criterion, criterion.parameter, context, undefined) : undefined;
}

/** Whether the index alone tells which resources meet a condition: one that says what they must have. */
export const leads = (criterion: Criterion): criterion is ValueCriterion & { readonly parameter: IndexedParameter } =>
  isValue(criterion) && typeof criterion.parameter !== 'string' && !['missing', 'not', 'not-in'].includes(criterion.modifier);

function numbersOf(criterion: ValueCriterion, parameter: IndexedParameter, context: SqlContext, patient: string | undefined): string {
  const { modifier, name, values } = criterion;
  if (parameter.kind !== 'composite' && modifier in ASIDE) {
    const { table, numberOf, condition } = ASIDE[modifier as keyof typeof ASIDE];
    return rowsSql(table, parameter.sources.map(numberOf), context, patient, either(values.map((value) => condition(name, value, context.bindings))));
  }
  return rowsSql(TABLES[parameter.kind], parameter.sources.map(({ id }) => id), context, patient, meetsSql(criterion, parameter, context));
}

/** The numbers of the resources that have such rows in a table of the index. */
function rowsSql(table: string, numbers: readonly number[], context: SqlContext, patient: string | undefined, condition?: string): string {
  const ofPatient = patient === undefined ? '' : ` and t.patient = ${patient}`;
  return `select t.seq from ${table} t where t.clinic_id = ${context.clinic} and ${numbersSql(numbers, context)}${ofPatient}${condition === undefined ? '' : ` and ${condition}`}`;
}

function itselfSql({ itself, or }: ItselfCriterion, context: SqlContext, patient: string | undefined): string {
  const own = `select r.seq from fhir_resource r where r.clinic_id = ${context.clinic} and r.resource_type = ${context.bindings.add(itself.type)} and r.id = ${context.bindings.add(itself.id)}`;
  if (!or || typeof or.parameter === 'string') return `r.seq in (${own})`;
  const ids = or.parameter.sources.map(({ id }) => id);
  return `r.seq in (${own} union all ${rowsSql(TABLES[or.parameter.kind], ids, context, patient, meetsSql(or, or.parameter, context))})`;
}

/** The condition that a resource `r` meets what the caller's rights ask for. */
export function restrictionSql(restriction: Restriction, context: SqlContext, patient?: string): string {
  if (!restriction) return 'true';
  // The conditions of a right are not the caller's question, so what they look through is not narrowed again.
  const trusted: SqlContext = { ...context, restrictionOf: () => undefined };
  return either(restriction.map((criteria) => criteria.map((criterion) => criterionSql(criterion, trusted, patient)).join(' and ') || 'true').map((all) => `(${all})`));
}

/** The condition that a resource `r` is of one of the types and meets what the caller's rights to its type ask for. */
export function typesSql(types: readonly string[], context: SqlContext): string {
  const open = types.filter((type) => context.restrictionOf(type) === undefined);
  const partly = types.filter((type) => context.restrictionOf(type) !== undefined);
  return either([
    ...(open.length > 0 ? [`r.resource_type = any(${context.bindings.add(open)}::text[])`] : []),
    ...partly.map((type) => `(r.resource_type = ${context.bindings.add(type)} and ${restrictionSql(context.restrictionOf(type), context)})`),
  ]);
}

/** One column of the visible resources `r` of a type that meet a condition. */
function throughSql(column: 'r.name' | 'r.seq', { type, criterion }: Through, context: SqlContext, patient?: string): string {
  const restriction = restrictionSql(context.restrictionOf(type), context);
  return `select ${column} from fhir_resource r where r.clinic_id = ${context.clinic} and r.resource_type = ${context.bindings.add(type)} and r.method <> 'DELETE' and ${criterionSql(criterion, context, patient)} and ${restriction}`;
}

// References and resources meet by columns alone: under row-level security PostgreSQL looks into no index for what a function makes of a row.
function chainSql({ parameter, through }: ChainCriterion, context: SqlContext, patient: string | undefined): string {
  const targets = through.map((each) => throughSql('r.name', each, context)).join(' union all ');
  const ids = parameter.sources.map(({ id }) => id);
  return `r.seq in (${rowsSql(TABLES.reference, ids, context, patient, `t.target in (${targets})`)})`;
}

/** A resource's own rows in the index carry its patient: said once more, it leads to these few, instead of to all that have the value. */
function reverseSql({ parameter, from }: ReverseCriterion, context: SqlContext): string {
  return `r.name in (select t.target from fhir_reference t where t.clinic_id = ${context.clinic} and ${sourceSql(parameter, context)} and t.seq in (${throughSql('r.seq', from, context, 'r.patient')}))`;
}

/** The condition that a row of an index belongs to a parameter. */
export const sourceSql = ({ sources }: IndexedParameter, context: Pick<SqlContext, 'bindings'>): string => numbersSql(sources.map(({ id }) => id), context);

function numbersSql([first, ...others]: readonly number[], { bindings }: Pick<SqlContext, 'bindings'>): string {
  return others.length === 0 ? `t.source = ${bindings.add(first)}` : `t.source = any(${bindings.add([first, ...others])}::int[])`;
}

/** The condition that a row is a reference to the one type that the parameter is about. Of what is contained, any may be. */
function ofTarget(parameter: IndexedParameter, bindings: Bindings): string | undefined {
  if (parameter.kind === 'composite' || parameter.target === undefined) return undefined;
  return `(t.target = ${bindings.add(CONTAINED)} or t.target like ${bindings.add(`${parameter.target}/%`)} or t.target like ${bindings.add(`%/${parameter.target}/%`)})`;
}

/** Where else a row says that an element is there: a concept may have only a text, a reference only an identifier. */
function alsoPresent(parameter: IndexedParameter): { table: string; numbers: number[] }[] {
  if (parameter.kind === 'token') return [{ table: 'fhir_string', numbers: parameter.sources.map(({ textId }) => textId) }];
  // What an identifier alone stands for has no type that could be told.
  if (parameter.kind === 'reference' && parameter.target === undefined) return [{ table: 'fhir_token', numbers: parameter.sources.map(({ identifierId }) => identifierId) }];
  return [];
}

/** Modifiers that look at other rows than the parameter's own. */
const ASIDE = {
  text: {
    table: 'fhir_string',
    numberOf: ({ textId }: PlainParameter['sources'][number]) => textId,
    condition: (_name: string, value: string, bindings: Bindings) => stringSql(unescapeText(value), '', bindings),
  },
  identifier: {
    table: 'fhir_token',
    numberOf: ({ identifierId }: PlainParameter['sources'][number]) => identifierId,
    condition: (_name: string, value: string, bindings: Bindings) => either(tokenSql([value], false, bindings)),
  },
  'of-type': {
    table: 'fhir_token',
    numberOf: ({ ofTypeId }: PlainParameter['sources'][number]) => ofTypeId,
    condition: typedIdentifierSql,
  },
} as const;

/** `system|code|value`: an identifier of that type (R4 search.html#token). */
function typedIdentifierSql(name: string, text: string, bindings: Bindings): string {
  const [system = '', code, value, ...more] = splitEscaped(text, '|').map(unescapeText);
  if (!code || !value || more.length > 0) throw refuse(name, 'Must be system|code|value, where system and code are those of the identifier\'s type.');
  const condition = `t.code = ${bindings.add(indexedCode(typedCode(code, value)))}`;
  return system === '' ? condition : `(${condition} and t.system = ${bindings.add(systemHash(system))})`;
}

function idSql({ values, modifier }: ValueCriterion, { bindings }: SqlContext): string {
  const ids = bindings.add(values.map(unescapeText));
  return modifier === 'not' ? `r.id <> all(${ids}::text[])` : `r.id = any(${ids}::text[])`;
}

function lastUpdatedSql(name: string, value: string, { bindings, now }: SqlContext): string {
  const { prefix, from, to } = dateValue(name, value, now);
  const instant = 'r.last_updated';
  // A moment has no length, so where a range is compared by its end, "at or after" takes the place of "after".
  if (prefix === 'gt') return `${instant} >= ${bindings.add(to)}`;
  if (prefix === 'eq' || prefix === 'ap') return `${instant} >= ${bindings.add(from)} and ${instant} < ${bindings.add(to)}`;
  if (prefix === 'ge') return `${instant} >= ${bindings.add(from)}`;
  if (prefix === 'le') return `${instant} < ${bindings.add(to)}`;
  if (prefix === 'ne') return `(${instant} < ${bindings.add(from)} or ${instant} >= ${bindings.add(to)})`;
  return prefix === 'sa' ? `${instant} >= ${bindings.add(to)}` : `${instant} < ${bindings.add(from)}`;
}

/** The condition that a row `t` of the index is one that a criterion looks for. */
export function meetsSql(criterion: ValueCriterion, parameter: IndexedParameter, context: SqlContext): string {
  return either(valuesSql(criterion, parameter, context));
}

function valuesSql(criterion: ValueCriterion, parameter: IndexedParameter, context: SqlContext): string[] {
  const { values, modifier, name } = criterion;
  const { bindings, now } = context;
  switch (parameter.kind) {
    case 'token': {
      const plain = parameter.sources.every(({ plainCodes }) => plainCodes);
      if (criterion.codes) return codesSql(criterion.codes, plain, bindings);
      if (needsTerminology(criterion)) throw refuse(name, `The modifier ":${modifier}" can be used in searches only.`);
      return tokenSql(values, plain, bindings);
    }
    case 'uri':
      return uriSql(values, modifier, bindings);
    case 'string':
      return values.map((value) => stringSql(unescapeText(value), modifier, bindings));
    case 'reference':
      return [referenceSql(criterion, parameter, context)];
    case 'date':
      return values.map((value) => dateSql(dateValue(name, value, now), (date) => bindings.add(date)));
    case 'number':
      return values.map((value) => numberSql(name, value, bindings));
    case 'quantity':
      return values.map((value) => quantitySql(name, value, bindings));
    case 'composite':
      return compositeSql(name, values, parameter, context);
  }
}

/** The index forms that a reference in a search may mean: `Patient/1`, a URL, or an id of any type the parameter allows. */
export function referenceTargets({ values, modifier, name }: ValueCriterion, { target, definition, sources }: PlainParameter, references: References): string[] {
  const only = modifier || target;
  const types = only ? [only] : definition.targets;
  // A canonical URL may be any text, so also one that looks like an id.
  const anyText = sources.some(({ paths }) => paths.some(({ type }) => type !== 'Reference'));
  return values.flatMap((value) => {
    const text = unescapeText(value);
    const indexed = references.indexed(text);
    if (indexed === undefined) throw refuse(name, 'Must be an id, a reference such as Patient/1, or a URL.');
    if (/^[A-Za-z0-9\-.]{1,64}$/.test(text)) return [...types.map((type) => `${type}/${text}`), ...(anyText ? [text] : [])];
    return !only || !references.local(text) || indexed.startsWith(`${only}/`) ? [indexed] : [];
  });
}

function referenceSql(criterion: ValueCriterion, parameter: PlainParameter, { bindings, references }: SqlContext): string {
  const targets = referenceTargets(criterion, parameter, references);
  return targets.length === 1 ? `t.target = ${bindings.add(targets[0])}` : `t.target = any(${bindings.add(targets)}::text[])`;
}
