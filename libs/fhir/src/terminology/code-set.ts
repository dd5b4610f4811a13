/** The codes of one code system that a value set holds: listed, or described by a rule where nobody can list them. */
export interface CodesOfSystem {
  readonly system: string;
  readonly codes: ReadonlySet<string> | ((code: string) => boolean);
}

/** The codes of a value set. */
export class CodeSet {
  /** All listed codes whatever their system, so that a plain `code` costs one look-up. */
  readonly #listed = new Set<string>();
  readonly #rules: ((code: string) => boolean)[] = [];

  constructor(
    /** What people call the value set. */
    readonly name: string,
    private readonly parts: readonly CodesOfSystem[],
  ) {
    for (const { codes } of parts) {
      if (typeof codes === 'function') this.#rules.push(codes);
      else for (const code of codes) this.#listed.add(code);
    }
  }

  /** Whether an element of type `code`, whose system its definition gives, may hold the code. */
  hasCode(code: string): boolean {
    return this.#listed.has(code) || this.#rules.some((rule) => rule(code));
  }

  /** Whether the code stands in the value set under this system. */
  hasCoding(system: string | undefined, code: string): boolean {
    return this.parts.some((part) => part.system === system && (typeof part.codes === 'function' ? part.codes(code) : part.codes.has(code)));
  }
}
