import { z } from 'zod';
import { invalid } from '@cairn/kernel';
import { URGENCIES } from './referral.settings.js';

/** The views of the worklist. */
export const OPEN_VIEWS = ['open', 'unassigned', 'mine', 'red-flags', 'breaching', 'waiting-for-information', 'waitlisted', 'to-book', 'stale'] as const;
export const OVER_VIEWS = ['returned', 'closed-this-week'] as const;
export const VIEWS = [...OPEN_VIEWS, ...OVER_VIEWS] as const;
export type View = (typeof VIEWS)[number];

export const worklistQuery = z.strictObject({
  view: z.enum(VIEWS).default('open'),
  urgency: z.enum(URGENCIES).optional(),
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id').optional(),
  /** The `next` of the page before. */
  after: z.string().max(400).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type WorklistQuery = z.infer<typeof worklistQuery>;

const place = z.tuple([z.int(), z.iso.datetime(), z.uuid()]);

/** Where a page ended: rank, date and id of its last row. */
export type Place = z.infer<typeof place>;

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
