import { invalid } from '@cairn/kernel';
import { z } from 'zod';
import type { Urgency } from './referral.settings.js';

/** The views of the worklist that show what is open. */
export const OPEN_VIEWS = ['open', 'unassigned', 'mine', 'red-flags', 'breaching', 'waiting-for-information', 'waitlisted', 'to-book', 'stale'] as const;
/** All views of the worklist. */
export const VIEWS = [...OPEN_VIEWS, 'returned', 'closed-this-week'] as const;
export type View = (typeof VIEWS)[number];

/** Which page of which view is asked for. */
export interface WorklistQuery {
  readonly view: View;
  readonly urgency?: Urgency | undefined;
  readonly patient?: string | undefined;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

const place = z.tuple([z.int(), z.iso.datetime(), z.uuid()]);

/** Where a page ended: rank, date and id of its last row. */
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
