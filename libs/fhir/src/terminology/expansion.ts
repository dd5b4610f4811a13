import type { CairnError } from '@cairn/kernel';
import type { CodeSystem, ValueSet, ValueSetComposeInclude, ValueSetComposeIncludeFilter, ValueSetExpansionContains } from '@medplum/fhirtypes';
import { CodeHierarchy } from './code-hierarchy.js';
import { difference, intersection, listed, union, whole, type CodesBySystem } from './codes-by-system.js';
import { definitionOf } from './r4-definitions.js';

/** Finds a definition that is stored, by its canonical URL (`url|version` for one version) or as `Type/id`; undefined where there is none. */
export type FindStored = (type: 'ValueSet' | 'CodeSystem', canonical: string) => Promise<ValueSet | CodeSystem | undefined>;

/** How many value sets one may be made of, imports of imports included. */
const MAX_IMPORTS = 50;

/**
 * Tells which codes value sets hold and how codes subsume each other, by definitions that are stored, else by R4's own. What these don't say is
 * refused and never guessed: a search that silently found too little would look like an answer.
 */
export class Expansion {
  #imports = 0;

  /** @param refusal what is thrown where the definitions don't tell, by the reason */
  constructor(
    private readonly findStored: FindStored,
    private readonly refusal: (message: string) => CairnError,
  ) {}

  /** The codes of a value set. */
  async codesOf(canonical: string): Promise<CodesBySystem> {
    if (++this.#imports > MAX_IMPORTS) throw this.refusal(`The value set is made of more than ${MAX_IMPORTS} others, or of itself.`);
    const found = (await this.findStored('ValueSet', canonical)) ?? definitionOf(canonical.split('|', 1)[0] ?? '');
    if (found?.resourceType !== 'ValueSet') throw this.refusal('There is no such value set here. Store it as a ValueSet first.');
    const contains = completeExpansion(found);
    if (contains) return contains;
    const { include = [], exclude = [] } = found.compose ?? {};
    if (include.length === 0) throw this.refusal('The value set has neither a whole expansion nor a definition.');
    const [inside, outside] = [await this.#all(include), await this.#all(exclude)];
    return difference(inside, outside);
  }

  /** The code and all that it subsumes. */
  async below(system: string, code: string): Promise<CodesBySystem> {
    return listed(system, (await this.#hierarchy(system)).below(code));
  }

  /** The code and all that subsume it. */
  async above(system: string, code: string): Promise<CodesBySystem> {
    return listed(system, (await this.#hierarchy(system)).above(code));
  }

  async #all(parts: readonly ValueSetComposeInclude[]): Promise<CodesBySystem> {
    let all: CodesBySystem = new Map();
    for (const part of parts) all = union(all, await this.#part(part));
    return all;
  }

  /** Codes that meet everything one part of a definition says. */
  async #part({ system, concept, filter = [], valueSet = [] }: ValueSetComposeInclude): Promise<CodesBySystem> {
    const sets: CodesBySystem[] = [];
    if (system && concept) sets.push(listed(system, concept.map(({ code }) => code)));
    else if (system) sets.push(...(filter.length > 0 ? await this.#filtered(system, filter) : [await this.#system(system)]));
    for (const canonical of valueSet) sets.push(await this.codesOf(canonical));
    const [first, ...others] = sets;
    if (!first) throw this.refusal('The value set has a part without a system and without another value set.');
    return others.reduce(intersection, first);
  }

  async #filtered(system: string, filters: readonly ValueSetComposeIncludeFilter[]): Promise<CodesBySystem[]> {
    const hierarchy = await this.#hierarchy(system);
    return filters.map(({ property, op, value }) => {
      if (property !== 'concept' && property !== 'code') throw this.refusal(`The value set filters by the property "${property}", which is not evaluated here.`);
      const all = listed(system, hierarchy.codes);
      switch (op) {
        case 'is-a':
          return listed(system, hierarchy.below(value));
        case 'descendent-of':
          return difference(listed(system, hierarchy.below(value)), listed(system, [value]));
        case 'is-not-a':
          return difference(all, listed(system, hierarchy.below(value)));
        case 'generalizes':
          return listed(system, hierarchy.above(value));
        case '=':
          return intersection(all, listed(system, [value]));
        case 'in':
          return intersection(all, listed(system, value.split(',')));
        case 'not-in':
          return difference(all, listed(system, value.split(',')));
        default:
          throw this.refusal(`The value set has a filter "${op}", which is not evaluated here.`);
      }
    });
  }

  /** All codes of a system: by name where they are known, else simply all. */
  async #system(system: string): Promise<CodesBySystem> {
    const known = await this.#codeSystem(system);
    return known?.content === 'complete' ? listed(system, new CodeHierarchy(known).codes) : whole(system);
  }

  async #hierarchy(system: string): Promise<CodeHierarchy> {
    const known = await this.#codeSystem(system);
    if (known?.content !== 'complete') throw this.refusal(`The codes of ${system} are not all known here. Store it as a CodeSystem whose content is complete.`);
    if (known.hierarchyMeaning && known.hierarchyMeaning !== 'is-a') throw this.refusal(`The hierarchy of ${system} is one of "${known.hierarchyMeaning}", so it doesn't say what a code subsumes.`);
    return new CodeHierarchy(known);
  }

  async #codeSystem(system: string): Promise<CodeSystem | undefined> {
    const found = (await this.findStored('CodeSystem', system)) ?? definitionOf(system);
    return found?.resourceType === 'CodeSystem' ? found : undefined;
  }
}

/** The codes of an expansion, where it has all of them. */
function completeExpansion({ expansion }: ValueSet): CodesBySystem | undefined {
  if (!expansion?.contains || (expansion.offset ?? 0) > 0) return undefined;
  const all = [...flat(expansion.contains)];
  if ((expansion.total ?? all.length) > all.length) return undefined;
  return all.reduce<CodesBySystem>((codes, { system, code, abstract }) => (system && code && !abstract ? union(codes, listed(system, [code])) : codes), new Map());
}

function* flat(contains: readonly ValueSetExpansionContains[]): Iterable<ValueSetExpansionContains> {
  for (const each of contains) {
    yield each;
    yield* flat(each.contains ?? []);
  }
}
