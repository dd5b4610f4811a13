/** The bounds of one search. */
export interface SearchLimits {
  readonly defaultCount: number;
  readonly maxCount: number;
  /** How many values one parameter may list. */
  readonly maxValues: number;
  /** How many conditions a search may have, those that chains come down to included. */
  readonly maxCriteria: number;
  /** How many links a chain or nested `_has` may have. */
  readonly maxDepth: number;
  /** Through how many types one link may lead. */
  readonly maxTypes: number;
  /** How many `_include` and `_revinclude` a search may have. */
  readonly maxIncludes: number;
  /** By how many keys a search may be sorted. */
  readonly maxSortKeys: number;
}

export const SEARCH_LIMITS: SearchLimits = { defaultCount: 50, maxCount: 1000, maxValues: 200, maxCriteria: 50, maxDepth: 4, maxTypes: 20, maxIncludes: 20, maxSortKeys: 10 };
