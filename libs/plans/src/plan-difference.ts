import { isDeepStrictEqual } from 'node:util';
import type { PlanContent } from './plan-content.js';

/** One field that reads differently now. */
export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs about one goal or activity. */
interface PartChange {
  readonly id: string;
  readonly description: string;
  readonly changes: readonly FieldChange[];
}

interface PartsDifference {
  readonly added: readonly { readonly id: string; readonly description: string }[];
  readonly removed: readonly { readonly id: string; readonly description: string }[];
  readonly changed: readonly PartChange[];
}

/** How a plan's wording differs from an earlier one. */
export interface PlanDifference {
  readonly plan: readonly FieldChange[];
  readonly goals: PartsDifference;
  readonly activities: PartsDifference;
}

const NOTHING: PlanContent = { title: '', summary: null, owner: '', goals: [], activities: [] };

function fieldChanges(before: object, after: object, leaveOut: readonly string[]): FieldChange[] {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([field, value]) => !leaveOut.includes(field) && !isDeepStrictEqual(old.get(field), value))
    .map(([field, value]: [string, unknown]) => ({ field, before: old.get(field) ?? null, after: value }));
}

function compareParts<Part extends { id: string; description: string }>(before: readonly Part[], after: readonly Part[]): PartsDifference {
  const old = new Map(before.map((part) => [part.id, part]));
  const kept = new Set(after.map(({ id }) => id));
  const name = ({ id, description }: Part): { id: string; description: string } => ({ id, description });
  return {
    added: after.filter(({ id }) => !old.has(id)).map(name),
    removed: before.filter(({ id }) => !kept.has(id)).map(name),
    changed: after.flatMap((part) => {
      const earlier = old.get(part.id);
      const changes = earlier ? fieldChanges(earlier, part, ['id']) : [];
      return changes.length > 0 ? [{ id: part.id, description: part.description, changes }] : [];
    }),
  };
}

/** How `after` differs from `before`. Without a `before` everything counts as added. Parts are told apart by their ids. */
export const differenceOf = (before: PlanContent | undefined, after: PlanContent): PlanDifference => ({
  plan: fieldChanges(before ?? NOTHING, after, ['goals', 'activities']),
  goals: compareParts(before?.goals ?? [], after.goals),
  activities: compareParts(before?.activities ?? [], after.activities),
});

/** Whether the two read the same. */
export const isSame = ({ plan, goals, activities }: PlanDifference): boolean =>
  plan.length + goals.added.length + goals.removed.length + goals.changed.length === 0 &&
  activities.added.length + activities.removed.length + activities.changed.length === 0;
