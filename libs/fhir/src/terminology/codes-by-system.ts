/** Some codes of one system: those listed or, where nobody can list the system's, all but those. */
export interface Codes {
  readonly allBut: boolean;
  readonly codes: ReadonlySet<string>;
}

/** Codes of several systems, each by its URL. A system that isn't there has none. */
export type CodesBySystem = ReadonlyMap<string, Codes>;

const NONE: Codes = { allBut: false, codes: new Set() };

export const listed = (system: string, codes: Iterable<string>): CodesBySystem => new Map([[system, { allBut: false, codes: new Set(codes) }]]);

export const whole = (system: string): CodesBySystem => new Map([[system, { allBut: true, codes: new Set<string>() }]]);

/** What stands in one of them. */
export const union = (one: CodesBySystem, other: CodesBySystem): CodesBySystem => each([...one.keys(), ...other.keys()], (system) => complement(meet(complement(of(one, system)), complement(of(other, system)))));

/** What stands in both. */
export const intersection = (one: CodesBySystem, other: CodesBySystem): CodesBySystem => each(one.keys(), (system) => meet(of(one, system), of(other, system)));

/** What stands in the one but not in the other. */
export const difference = (one: CodesBySystem, other: CodesBySystem): CodesBySystem => each(one.keys(), (system) => meet(of(one, system), complement(of(other, system))));

const of = (all: CodesBySystem, system: string): Codes => all.get(system) ?? NONE;

const each = (systems: Iterable<string>, make: (system: string) => Codes): CodesBySystem => new Map([...new Set(systems)].map((system) => [system, make(system)]));

const complement = ({ allBut, codes }: Codes): Codes => ({ allBut: !allBut, codes });

function meet(one: Codes, other: Codes): Codes {
  if (one.allBut && other.allBut) return { allBut: true, codes: new Set([...one.codes, ...other.codes]) };
  const [some, filter] = one.allBut ? [other, one] : [one, other];
  return { allBut: false, codes: new Set([...some.codes].filter((code) => filter.codes.has(code) !== filter.allBut)) };
}
