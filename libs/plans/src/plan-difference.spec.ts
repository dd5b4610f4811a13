import { describe, expect, it } from '@jest/globals';
import type { PlanContent } from './plan-content.js';
import { differenceOf, isSame } from './plan-difference.js';

const walking = { id: 'g1', description: 'Walk the dog', measure: 'Minutes walked', target: { value: 15, unit: 'min' }, dueDate: '2026-06-01', milestones: [] };
const pacing = { id: 'a1', kind: 'treatment', discipline: 'physiotherapy', description: 'Graded walking', owner: 'P. Therapist', cadence: { times: 2, every: 1, unit: 'week' }, dueDate: null, goalIds: ['g1'] } as const;
const plan: PlanContent = { title: 'Plan', summary: null, owner: 'N. Urse', goals: [walking], activities: [pacing] };

describe('the difference between two versions of a plan', () => {
  it('is nothing where they read the same', () => {
    const copy: PlanContent = { ...plan, goals: plan.goals.map((goal) => ({ ...goal })), activities: plan.activities.map((activity) => ({ ...activity, goalIds: [...activity.goalIds] })) };
    expect(isSame(differenceOf(plan, copy))).toBe(true);
  });

  it('names each field that changed, with both wordings', () => {
    const after: PlanContent = { ...plan, owner: 'D. Octor', goals: [{ ...walking, target: { value: 20, unit: 'min' } }] };
    expect(differenceOf(plan, after)).toEqual({
      plan: [{ field: 'owner', before: 'N. Urse', after: 'D. Octor' }],
      goals: {
        added: [],
        removed: [],
        changed: [{ id: 'g1', description: 'Walk the dog', changes: [{ field: 'target', before: { value: 15, unit: 'min' }, after: { value: 20, unit: 'min' } }] }],
      },
      activities: { added: [], removed: [], changed: [] },
    });
  });

  it('tells what came and what went', () => {
    const after: PlanContent = { ...plan, activities: [{ ...pacing, id: 'a2', description: 'Hydrotherapy' }] };
    const { activities } = differenceOf(plan, after);
    expect(activities).toEqual({ added: [{ id: 'a2', description: 'Hydrotherapy' }], removed: [{ id: 'a1', description: 'Graded walking' }], changed: [] });
    expect(isSame(differenceOf(plan, after))).toBe(false);
  });

  it('counts everything as added where there was nothing before', () => {
    const difference = differenceOf(undefined, plan);
    expect(difference.goals.added).toHaveLength(1);
    expect(difference.activities.added).toHaveLength(1);
    expect(difference.plan.map(({ field }) => field)).toEqual(['title', 'owner']);
  });
});
