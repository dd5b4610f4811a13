import { invalid } from '@cairn/kernel';
import { z } from 'zod';
import type { Urgency } from '../referral.settings.js';

/** The views of the worklist that show what is open. */
export const OPEN_VIEWS = ['open', 'unassigned', 'mine', 'my-team', 'red-flags', 'breaching', 'waiting-for-information', 'waitlisted', 'to-book', 'stale'] as const;
/** All views of the worklist. */
export const VIEWS = [...OPEN_VIEWS, 'returned', 'closed-this-week'] as const;
export type View = (typeof VIEWS)[number];

/** Views that show something else to each person. */
export const PERSONAL_VIEWS: readonly View[] = ['mine', 'my-team'];

export const isOpenView = (view: View): view is (typeof OPEN_VIEWS)[number] => (OPEN_VIEWS as readonly View[]).includes(view);

/** What narrows a view. All that are given must hold. */
export interface WorklistFilters {
  readonly urgency?: Urgency | undefined;
  readonly patient?: string | undefined;
  readonly discipline?: string | undefined;
  readonly programme?: string | undefined;
  /** The referrer's reference, or name in any case. */
  readonly referrer?: string | undefined;
  /** Primary language subtag. */
  readonly language?: string | undefined;
  /** Code of an access need, `any` or `none`. */
  readonly accessNeed?: string | undefined;
  readonly team?: string | undefined;
  /** Only those whose Task the requester's EHR has not taken. */
  readonly notTakenByEhr?: true | undefined;
  /** Whole days since receipt. */
  readonly waitedAtLeast?: number | undefined;
  readonly waitedAtMost?: number | undefined;
  /** Words that reason and notes must hold; the last may be the beginning of one. */
  readonly text?: string | undefined;
}

/** Which page of which view is asked for. */
export interface WorklistQuery extends WorklistFilters {
  readonly view: View;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

const place = z.tuple([z.int().min(0).max(2), z.iso.datetime({ precision: 6 }), z.uuid()]);

/** Where a page ended: rank, date (to the microsecond) and id of its last row. */
export type Place = z.infer<typeof place>;

/** A place as a caller carries it. */
export const cursorOf = (last: Place): string => Buffer.from(JSON.stringify(last)).toString('base64url');

/** The place in a cursor. Refuses what Cairn did not give out. */
export function placeIn(cursor: string): Place {
  const parsed = place.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!parsed.success) throw invalid('The cursor is not one that a list gave out.', { issues: [{ path: 'after', message: 'Send the `next` of the page before, unchanged, or leave it out.' }] });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
