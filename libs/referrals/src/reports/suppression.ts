import settings from './report-settings.json' with { type: 'json' };

/** One group of people in a split, with what is told of it. */
export interface Group {
  readonly group: string;
  readonly count: number;
  readonly medianDays: number | null;
}

/** A split as it may be shown. `withheld` says that groups are left out; neither which nor how many. */
export interface Split {
  readonly by: string;
  readonly groups: readonly Group[];
  readonly withheld: boolean;
}

const SMALLEST = settings.smallestGroup.value;

/**
 * The split without small groups, so that none can be worked out either: what is left out always holds at least five people, in two groups or more, since the
 * total is told elsewhere. Where that leaves too little the whole split is withheld.
 */
export function withoutSmallGroups(by: string, groups: readonly Group[]): Split {
  const ordered = groups.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count || a.group.localeCompare(b.group));
  let shown = ordered.filter(({ count }) => count >= SMALLEST).length;
  const left = (): number => ordered.slice(shown).reduce((sum, { count }) => sum + count, 0);
  while (shown > 0 && shown < ordered.length && (ordered.length - shown < 2 || left() < SMALLEST)) shown -= 1;
  return { by, groups: ordered.slice(0, shown), withheld: shown < ordered.length };
}

/** Too few to be told, though not nobody. */
const isSmall = (count: number): boolean => count > 0 && count < SMALLEST;

/**
 * Each access need, of which a person may have several, so that the groups add up to nothing. `anyNeed` people have one or more, of `total`: both are told elsewhere.
 * Left out are needs of fewer than five people; those that fewer than five lack, of all or of those with any need, since the difference would tell; and as
 * many more as it takes that what is left of those with needs, beside all that are shown, is nobody or five and more.
 */
export function withoutSmallNeeds(by: string, needs: readonly Group[], { anyNeed, total }: { readonly anyNeed: number; readonly total: number }): Split {
  const ordered = needs.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count || a.group.localeCompare(b.group));
  const shown = ordered.filter(({ count }) => count >= SMALLEST && !isSmall(total - count) && !isSmall(anyNeed - count));
  while (shown.length > 0 && isSmall(anyNeed - shown.reduce((sum, { count }) => sum + count, 0))) shown.pop();
  return { by, groups: shown, withheld: shown.length < ordered.length };
}
