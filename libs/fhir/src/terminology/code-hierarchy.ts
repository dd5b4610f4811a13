import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';

/** What stands above and below each code of a code system: by nested concepts and by the properties `parent` and `child` (R4 codesystem.html#hierarchy). */
export class CodeHierarchy {
  readonly #above = new Map<string, Set<string>>();
  readonly #below = new Map<string, Set<string>>();
  readonly #codes = new Set<string>();

  constructor({ concept = [] }: Pick<CodeSystem, 'concept'>) {
    for (const each of concept) this.#add(each, undefined);
  }

  /** All codes of the system. */
  get codes(): ReadonlySet<string> {
    return this.#codes;
  }

  /** The code and all that it subsumes; none where the system has no such code. */
  below(code: string): Set<string> {
    return this.#codes.has(code) ? reach(code, this.#below) : new Set();
  }

  /** The code and all that subsume it; none where the system has no such code. */
  above(code: string): Set<string> {
    return this.#codes.has(code) ? reach(code, this.#above) : new Set();
  }

  #add({ code, concept = [], property = [] }: CodeSystemConcept, parent: string | undefined): void {
    this.#codes.add(code);
    if (parent !== undefined) this.#link(parent, code);
    for (const { code: name, valueCode } of property) {
      if (valueCode && name === 'parent') this.#link(valueCode, code);
      if (valueCode && name === 'child') this.#link(code, valueCode);
    }
    for (const each of concept) this.#add(each, code);
  }

  #link(parent: string, child: string): void {
    this.#below.set(parent, (this.#below.get(parent) ?? new Set()).add(child));
    this.#above.set(child, (this.#above.get(child) ?? new Set()).add(parent));
  }
}

function reach(from: string, links: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set([from]);
  // A set can be added to while it is walked, so this ends with what was reached last, rings included.
  for (const code of reached) for (const next of links.get(code) ?? []) reached.add(next);
  return reached;
}
