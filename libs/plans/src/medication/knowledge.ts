import table from './opioid-doses.json' with { type: 'json' };

/** A conversion factor: morphine milligram equivalents for one milligram a day or, for patches, one microgram an hour. */
export interface Factor {
  readonly ingredient: string;
  readonly factor: number;
  readonly per: 'mg/day' | 'mcg/h';
  readonly route: 'oral' | 'transdermal';
}

/** What kind of opioid an ingredient is. */
export type OpioidKind =
  | { readonly kind: 'factor'; readonly factor: Factor }
  | { readonly kind: 'partial-agonist' | 'no-factor'; readonly ingredient: string };

const isFactor = <Row extends { per: string; route: string }>(row: Row): row is Row & Pick<Factor, 'per' | 'route'> =>
  (row.per === 'mg/day' || row.per === 'mcg/h') && (row.route === 'oral' || row.route === 'transdermal');

const factors = table.factors.filter(isFactor);

const hasPrefix = (codes: readonly string[], prefixes: readonly string[]): boolean => codes.some((code) => prefixes.some((prefix) => code.startsWith(prefix)));

/** What the table `opioid-doses.json` knows about medicines. */
export const knowledge = {
  version: table.version,
  guideline: table.guideline,
  use: table.use,
  cautions: table.cautions.map(({ text }) => text),

  /** Every ingredient name that the table knows. */
  names: [
    ...factors.map(({ ingredient }) => ingredient),
    ...table.partialAgonists.map(({ ingredient }) => ingredient),
    ...table.opioidsWithoutFactor.ingredients,
    ...table.benzodiazepines.ingredients,
  ] as readonly string[],

  /** Ingredients that the table knows by their RxNorm code. */
  byRxnorm: (code: string): string | undefined =>
    [...factors, ...table.partialAgonists].find(({ rxnorm }) => rxnorm === code)?.ingredient,

  /** The opioid that these words or this code name; undefined when it is none. */
  opioid(words: readonly string[], rxnorm?: string): OpioidKind | undefined {
    const named = (row: { ingredient: string; rxnorm: string }): boolean => row.rxnorm === rxnorm || words.includes(row.ingredient);
    const factor = factors.find(named);
    if (factor) return { kind: 'factor', factor };
    const partial = table.partialAgonists.find(named);
    if (partial) return { kind: 'partial-agonist', ingredient: partial.ingredient };
    const other = table.opioidsWithoutFactor.ingredients.find((ingredient) => words.includes(ingredient));
    return other ? { kind: 'no-factor', ingredient: other } : undefined;
  },

  /** Whether an ATC code says that the medicine is an opioid. */
  isOpioidClass: (atc: readonly string[]): boolean => hasPrefix(atc, table.opioidsWithoutFactor.atcPrefixes),

  /** Whether the words or the ATC codes name a benzodiazepine. */
  isBenzodiazepine: (words: readonly string[], atc: readonly string[]): boolean =>
    words.some((word) => table.benzodiazepines.ingredients.includes(word)) || hasPrefix(atc, table.benzodiazepines.atcPrefixes),

  routes: table.routes,
  countedUnits: table.doseUnits.counted as readonly string[],
  /** How often a day a timing code stands for; undefined for codes the table does not hold. */
  timesPerDay: (code: string): number | undefined => new Map<string, number>(Object.entries(table.timingCodes.timesPerDay)).get(code),
};
