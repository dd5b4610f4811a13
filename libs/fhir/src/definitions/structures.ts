import { getDataType, loadDataType, type InternalTypeSchema } from '@medplum/core';
import type { Resource, ResourceType } from '@medplum/fhirtypes';
import { DefinitionFile, readDefinitions } from './definition-file.js';

const PREFIX = 'http://hl7.org/fhir/StructureDefinition/';
/** In the file, but not resource types of R4: the abstract ones, and one that came with R4B. */
const NOT_R4 = new Set(['Resource', 'DomainResource', 'MetadataResource', 'SubscriptionStatus']);

let resources: DefinitionFile | undefined;
let types: ReadonlySet<string> | undefined;
const loaded = new Set<string>();

const resourceFile = (): DefinitionFile => (resources ??= new DefinitionFile('profiles-resources.json'));

/** The names of all resource types of FHIR R4, from its definitions. */
export function resourceTypes(): ReadonlySet<string> {
  types ??= new Set(
    [...resourceFile().urls]
      .filter((url) => url.startsWith(PREFIX))
      .map((url) => url.slice(PREFIX.length))
      .filter((name) => !NOT_R4.has(name))
      .sort(),
  );
  return types;
}

/** Whether the name is a resource type of FHIR R4. */
export const isResourceType = (name: string): name is ResourceType => resourceTypes().has(name);

/** What the definitions say about a type: its elements, their types and cardinalities, and its invariants. */
export function structureOf(type: string): InternalTypeSchema {
  loadStructures([type]);
  return getDataType(type);
}

/** What the definitions say of a resource type's elements beyond their structure, as paths such as `Observation.component.code`. */
export interface Outline {
  /** Belong to a summary (R4 search.html#summary). */
  readonly summary: ReadonlySet<string>;
  /** Elements at the root without which a resource says nothing, or something else: mandatory ones and modifiers. */
  readonly needed: ReadonlySet<string>;
}

const outlines = new Map<string, Outline>();

/** The outline of a resource type. The type must be known. */
export function outlineOf(type: string): Outline {
  loadStructures([type]);
  const outline = outlines.get(type);
  if (!outline) throw new Error(`${type} is not a resource type.`);
  return outline;
}

/** Makes the full definitions of these resource types known to Medplum's validator. What is not a resource type is passed over. */
function loadStructures(names: Iterable<string>): void {
  if (loaded.size === 0) {
    for (const definition of readDefinitions('profiles-types.json')) load(definition);
    loaded.add('');
  }
  const wanted = [...names].filter((name) => !loaded.has(name) && isResourceType(name));
  for (const definition of resourceFile().read(wanted.map((name) => PREFIX + name))) load(definition);
  for (const name of wanted) loaded.add(name);
}

function load(definition: Resource): void {
  if (definition.resourceType !== 'StructureDefinition') return;
  loadDataType(definition);
  if (definition.kind !== 'resource') return;
  const elements = (definition.snapshot?.element ?? []).flatMap((element) => (element.path ? [{ ...element, path: element.path }] : []));
  const root = elements.filter(({ path }) => path.split('.').length === 2);
  outlines.set(definition.type ?? '', {
    summary: new Set(elements.filter(({ isSummary }) => isSummary).map(({ path }) => path)),
    needed: new Set(root.filter(({ min, isModifier }) => (min ?? 0) > 0 || isModifier).map(({ path }) => path)),
  });
}
