/** How much JSON one request may carry. */
export interface JsonLimits {
  /** How many objects and arrays may stand inside one another. */
  readonly maxDepth: number;
}
