import type { ResourceType, SearchParameter } from '@medplum/fhirtypes';
import { readDefinitions } from './definition-file.js';
import { resourceTypes } from './structures.js';

/** One part of a composite, which searches several elements that stand together. */
export interface ComponentDefinition {
  readonly kind: SearchParameterDefinition['kind'];
  /** Leads from the composite's element to the values: `code`, `value.ofType(Quantity)` … */
  readonly expression: string;
}

/** One search parameter of one resource type, as the definitions give it. */
export interface SearchParameterDefinition {
  readonly code: string;
  readonly kind: NonNullable<SearchParameter['type']>;
  /** The expressions whose values it searches, for this type only: `Observation.code`, `(Observation.value as Quantity)` … */
  readonly expressions: readonly string[];
  /** For a reference: the resource types it may point at. */
  readonly targets: readonly ResourceType[];
  /** For a composite: its parts, in the order in which a search gives their values. */
  readonly components: readonly ComponentDefinition[];
  readonly url: string;
}

/** These have no DomainResource part (R4 resourcelist). */
const BARE = new Set(['Bundle', 'Binary', 'Parameters']);

let byType: ReadonlyMap<string, ReadonlyMap<string, SearchParameterDefinition>> | undefined;

/** The search parameters of a resource type by their code, those of every resource included. Empty for an unknown type. */
export function searchParametersOf(type: string): ReadonlyMap<string, SearchParameterDefinition> {
  byType ??= readAll();
  return byType.get(type) ?? new Map();
}

function readAll(): Map<string, Map<string, SearchParameterDefinition>> {
  const result = new Map<string, Map<string, SearchParameterDefinition>>();
  for (const name of resourceTypes()) result.set(name, new Map());
  const definitions = readDefinitions('search-parameters.json').filter((each): each is SearchParameter => each.resourceType === 'SearchParameter');
  const kinds = new Map(definitions.map(({ url, type }) => [url, type]));
  for (const definition of definitions) {
    if (!definition.expression) continue;
    const components = (definition.component ?? []).map(({ definition: url, expression }) => ({ kind: kinds.get(url) ?? 'special', expression }));
    const parts = splitUnion(definition.expression);
    for (const name of typesOf(definition)) {
      const expressions = parts.map((part) => rooted(part, name)).filter((part) => ['Resource', 'DomainResource', name].includes(rootOf(part)));
      if (expressions.length === 0) continue;
      result.get(name)?.set(definition.code, {
        code: definition.code,
        kind: definition.type,
        expressions,
        targets: definition.target ?? [],
        components,
        url: definition.url,
      });
    }
  }
  return result;
}

function typesOf(definition: SearchParameter): string[] {
  return definition.base.flatMap((base: string) => {
    if (base === 'Resource') return [...resourceTypes()];
    if (base === 'DomainResource') return [...resourceTypes()].filter((name) => !BARE.has(name));
    return base;
  });
}

/** Parts of `a | b | (c as T)`. The definitions never nest a union in brackets. */
const splitUnion = (expression: string): string[] => expression.split('|').map((part) => part.trim());

/** An expression that begins at a type. Those of InsurancePlan's `name` begin at its elements. */
const rooted = (part: string, type: string): string => (/^[a-z]/.test(part) ? `${type}.${part}` : part);

const rootOf = (expression: string): string => /^\(?\s*([A-Za-z]+)/.exec(expression)?.[1] ?? '';
