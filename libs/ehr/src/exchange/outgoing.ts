import { identifiersOf, isObject, localReference, objectsAt, textOf, type FhirJson } from '../fhir-json.js';

/** The system of the identifier under which Cairn's resources are known at an EHR. */
export const CAIRN_RESOURCE = 'urn:cairn:resource';

/** Types whose `identifier` is one Identifier and no list (R4). */
const ONE_IDENTIFIER = ['QuestionnaireResponse'];

export interface BusinessIdentifier {
  readonly system: string;
  readonly value: string;
}

/** What makes a resource of Cairn's one that an EHR can keep. */
export interface Crossing {
  /** `Type/id` at the EHR of a local `Type/id`, where it is known. */
  readonly remote: (local: string) => string | undefined;
  /** Identifier that finds the resource again, whatever becomes of the answer. */
  readonly identifier: BusinessIdentifier;
  /** Where it comes from, with its version: Provenance that travels with it (R4, Meta.source). */
  readonly source: string;
  /** Cairn's own FHIR base: absolute references to it are local ones. */
  readonly ownBase: string;
}

export const searchOf = ({ system, value }: BusinessIdentifier): string => `${system}|${value}`;

/**
 * The resource as the EHR gets it: references lead to what the EHR knows, or name it logically; it carries Cairn's identifier and source;
 * id and version are the EHR's to give. Extensions and all else stay. The input is not changed.
 */
export function outgoing(resource: FhirJson, crossing: Crossing): FhirJson {
  const rewritten = rewriteReferences(resource, crossing) as FhirJson;
  const { resourceType, id: _id, meta, identifier, ...content } = rewritten;
  return {
    resourceType,
    meta: metaOf(meta, crossing.source),
    identifier: withIdentifier(String(resourceType), identifier, crossing.identifier),
    ...content,
  };
}

/** The identifier by which the EHR finds the outgoing resource: Cairn's, or the one that stands where a type takes only one. */
export function findableBy(resource: FhirJson, wanted: BusinessIdentifier): BusinessIdentifier {
  const all = identifiersOf(resource);
  return all.find(({ system, value }) => system === wanted.system && value === wanted.value) ?? all[0] ?? wanted;
}

/** Identifiers of a resource that outside systems gave, the placer's first. */
export const foreignIdentifiers = (resource: FhirJson): BusinessIdentifier[] =>
  identifiersOf(resource)
    .filter(({ system }) => !system.startsWith('urn:cairn:'))
    .sort((a, b) => Number(b.types.includes('PLAC')) - Number(a.types.includes('PLAC')));

/**
 * The EHR's own resource with the named elements as Cairn has them, and both sides' identifiers. Elements that Cairn no longer has are taken
 * away; whatever else the EHR keeps in it stays.
 */
export function changedInPlace(current: FhirJson, changed: FhirJson, elements: readonly string[]): FhirJson {
  const kept = Object.entries(current).filter(([element]) => !elements.includes(element) && element !== 'identifier');
  const moved = elements.flatMap((element) => (element in changed ? [[element, changed[element]] as const] : []));
  return { ...Object.fromEntries(kept), identifier: unionOfIdentifiers(current['identifier'], changed['identifier']), ...Object.fromEntries(moved) };
}

/** Local `Type/id` references in a resource, each once, in order. */
export function localReferencesIn(resource: FhirJson, ownBase: string): string[] {
  const found = new Set<string>();
  rewriteReferences(resource, {
    ownBase,
    remote: (local) => {
      found.add(local);
      return undefined;
    },
  });
  return [...found];
}

function rewriteReferences(value: unknown, crossing: Pick<Crossing, 'remote' | 'ownBase'>): unknown {
  if (Array.isArray(value)) return value.map((element) => rewriteReferences(element, crossing));
  if (!isObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, rewriteReferences(child, crossing)]));
  const reference = textOf(value['reference']);
  const local = reference === undefined ? undefined : localReference(reference.startsWith(`${crossing.ownBase}/`) ? reference.slice(crossing.ownBase.length + 1) : reference);
  if (local === undefined) return copy;
  const remote = crossing.remote(local);
  if (remote !== undefined) return { ...copy, reference: remote };
  // The EHR does not have it: named logically (R4, references.html#logical), so that nothing points into the void.
  const { reference: _gone, ...rest } = copy;
  return { type: local.split('/')[0], identifier: { system: CAIRN_RESOURCE, value: local }, ...rest };
}

function metaOf(meta: unknown, source: string): FhirJson {
  const { versionId: _version, lastUpdated: _updated, ...kept } = objectsAt(meta)[0] ?? {};
  return { ...kept, source };
}

function withIdentifier(type: string, present: unknown, own: BusinessIdentifier): unknown {
  if (ONE_IDENTIFIER.includes(type)) return present ?? own;
  return unionOfIdentifiers(present, [own]);
}

function unionOfIdentifiers(first: unknown, second: unknown): FhirJson[] {
  const all = objectsAt(first);
  const known = new Set(all.map((identifier) => `${textOf(identifier['system'])}|${textOf(identifier['value'])}`));
  return [...all, ...objectsAt(second).filter((identifier) => !known.has(`${textOf(identifier['system'])}|${textOf(identifier['value'])}`))];
}
