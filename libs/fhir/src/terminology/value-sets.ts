import type { CodeSystemConcept, ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';
import { CodeSet, type CodesOfSystem } from './code-set.js';
import { RULES_OF_SYSTEMS } from './open-systems.js';
import { definitionOf } from './r4-definitions.js';

const sets = new Map<string, CodeSet | undefined>();

/**
 * The codes of one of R4's value sets, by its canonical URL; its version is passed over, as R4 has one of each. Undefined where R4's own
 * definitions don't list them: then nothing can be said about a code.
 */
export function codesOf(canonical: string): CodeSet | undefined {
  const url = canonical.split('|', 1)[0] ?? '';
  if (!sets.has(url)) sets.set(url, read(url));
  return sets.get(url);
}

function read(url: string): CodeSet | undefined {
  const valueSet = definitionOf(url);
  if (valueSet?.resourceType !== 'ValueSet') return undefined;
  const parts = partsOf(valueSet);
  return parts && new CodeSet(valueSet.title ?? valueSet.name ?? url, parts);
}

function partsOf({ compose }: ValueSet): CodesOfSystem[] | undefined {
  if (!compose || compose.exclude) return undefined;
  const parts = compose.include.map(included);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function included({ system, concept, filter, valueSet }: ValueSetComposeInclude): CodesOfSystem | undefined {
  if (!system || filter || valueSet) return undefined;
  if (concept) return { system, codes: new Set(concept.map(({ code }) => code)) };
  const rule = RULES_OF_SYSTEMS[system];
  if (rule) return { system, codes: rule };
  const codeSystem = definitionOf(system);
  if (codeSystem?.resourceType !== 'CodeSystem' || codeSystem.content !== 'complete') return undefined;
  return { system, codes: new Set(codesIn(codeSystem.concept ?? [])) };
}

function* codesIn(concepts: readonly CodeSystemConcept[]): Iterable<string> {
  for (const { code, concept } of concepts) {
    yield code;
    if (concept) yield* codesIn(concept);
  }
}
