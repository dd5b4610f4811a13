import { readObject } from '../lossless/read-body.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import { nameOf, type FoundVersion } from '../store/stored-version.js';
import type { ValueCriterion } from './criterion.js';
import type { IncludeRule } from './search-query.js';

/** How many resources are included with one page, at most. */
export const MAX_INCLUDED = 1000;

/** How often `:iterate` is followed from what was included before. */
export const MAX_ROUNDS = 5;

/** Everything visible of a type that meets one condition, up to one more than can be included. */
export type FindAll = (type: string, criterion: ValueCriterion, limit: number) => Promise<FoundVersion[]>;

export interface Included {
  readonly included: readonly FoundVersion[];
  /** Which bound kept more from being included. */
  readonly cut?: 'number' | 'rounds';
}

/** Gathers what is answered along with the matches of one page. */
export class Inclusion {
  readonly #included: FoundVersion[] = [];
  readonly #answered: Set<string>;
  #cut: Included['cut'];

  constructor(
    private readonly rules: readonly IncludeRule[],
    private readonly matches: readonly FoundVersion[],
    private readonly references: References,
    private readonly all: FindAll,
  ) {
    this.#answered = new Set(matches.map(nameOf));
  }

  /** What the rules bring along, each resource once: all rules from the matches, those with `:iterate` also from what they brought. */
  async run(): Promise<Included> {
    let found = await this.#follow(this.rules, this.matches);
    const iterating = this.rules.filter(({ iterate }) => iterate);
    for (let round = 0; round < MAX_ROUNDS && found.length > 0 && !this.#cut; round++) found = await this.#follow(iterating, found);
    if (found.length > 0 && iterating.length > 0) this.#cut ??= 'rounds';
    return { included: this.#included, ...(this.#cut ? { cut: this.#cut } : {}) };
  }

  /** What the rules find from these resources and was not answered yet. */
  async #follow(rules: readonly IncludeRule[], from: readonly FoundVersion[]): Promise<FoundVersion[]> {
    const before = this.#included.length;
    for (const rule of rules) {
      const concerned = rule.direction === 'include' ? from.filter(({ type }) => type === rule.type) : from;
      if (concerned.length > 0 && !this.#cut) this.#add(await (rule.direction === 'include' ? this.#referredTo(rule, concerned) : this.#referring(rule, concerned)));
    }
    return this.#included.slice(before);
  }

  #add(found: readonly FoundVersion[]): void {
    for (const version of found) {
      const name = nameOf(version);
      if (this.#answered.has(name)) continue;
      if (this.#included.length >= MAX_INCLUDED) {
        this.#cut = 'number';
        return;
      }
      this.#answered.add(name);
      this.#included.push(version);
    }
  }

  /** What these refer to by the rule's parameters. */
  async #referredTo({ parameters, target }: IncludeRule, from: readonly FoundVersion[]): Promise<FoundVersion[]> {
    const wanted = new Map<number, string | undefined>();
    for (const parameter of parameters) for (const { id } of parameter.sources) wanted.set(id, parameter.target);
    const idsByType = new Map<string, Set<string>>();
    for (const version of from) {
      const rows = typeIndex(version.type).rowsOf(readObject(version.json).value, this.references);
      for (const row of rows.references) {
        const local = wanted.has(row.source) ? this.references.local(row.target) : undefined;
        const only = target ?? wanted.get(row.source);
        if (local && (only === undefined || local.type === only)) idsByType.set(local.type, (idsByType.get(local.type) ?? new Set()).add(local.id));
      }
    }
    const found: FoundVersion[] = [];
    for (const [type, ids] of idsByType) found.push(...(await this.all(type, { name: '_id', parameter: '_id', modifier: '', values: [...ids] }, MAX_INCLUDED + 1)));
    return found;
  }

  /** What refers to these by the rule's parameters. */
  async #referring({ parameters, type, target }: IncludeRule, to: readonly FoundVersion[]): Promise<FoundVersion[]> {
    const values = to.filter((version) => target === undefined || version.type === target).map(nameOf);
    const found: FoundVersion[] = [];
    for (const parameter of values.length > 0 ? parameters : []) {
      found.push(...(await this.all(type, { name: parameter.definition.code, parameter, modifier: '', values }, MAX_INCLUDED + 1)));
    }
    return found;
  }
}
