import type { ResourceType } from '@medplum/fhirtypes';
import { compartmentOf } from '../definitions/compartments.js';
import { typeIndex, type PlainParameter } from '../search-index/type-index.js';
import type { Criterion, ValueCriterion } from './criterion.js';

/** What belongs to one resource (R4 compartmentdefinition.html). */
export interface Compartment {
  readonly type: ResourceType;
  readonly id: string;
}

/** The types of which resources can belong to a compartment, its own included; none where R4 has no compartment for the type. */
export function typesIn({ type }: Pick<Compartment, 'type'>): ResourceType[] {
  const members = [...(compartmentOf(type)?.keys() ?? [])];
  return members.length === 0 || members.includes(type) ? members : [type, ...members];
}

/** The condition that a resource of one of these types belongs to the compartment. They must be types that can. */
export function belongsTo({ type: named, id }: Compartment, types: readonly ResourceType[]): Criterion {
  const refers = refersTo({ type: named, id }, types);
  if (!types.includes(named)) return refers ?? { name: named, parameter: '_id', modifier: '', values: [] };
  return { name: named, itself: { type: named, id }, ...(refers ? { or: refers } : {}) };
}

/**
 * The condition that one of the references that decide leads to the compartment's resource. They are looked for at once, as one parameter: an
 * "or" of several conditions would have to look at every resource of the types.
 */
function refersTo({ type: named, id }: Compartment, types: readonly ResourceType[]): ValueCriterion | undefined {
  const deciding = types.flatMap((type) => (compartmentOf(named)?.get(type) ?? []).flatMap((code) => referenceOf(type, code) ?? []));
  const [first, ...others] = deciding;
  if (!first) return undefined;
  const sources = [...new Set(deciding.flatMap((each) => each.sources))];
  const together: PlainParameter = { definition: { ...first.definition, targets: [named] }, kind: 'reference', sources, single: false };
  return { name: named, parameter: others.length === 0 ? first : together, modifier: '', values: [`${named}/${id}`] };
}

function referenceOf(type: ResourceType, code: string): PlainParameter | undefined {
  const parameter = typeIndex(type).parameters.get(code);
  return parameter?.kind === 'reference' ? parameter : undefined;
}
