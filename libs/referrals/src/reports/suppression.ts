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
