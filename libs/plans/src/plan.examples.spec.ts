import { describe, expect, it } from '@jest/globals';
import { agreementBody, completionBody, draftBody, holdBody, wordingBody } from './plan.dto.js';
import { AGREEMENT, DRAFT, HOLD, REVIEW, WORDING } from './plan.examples.js';

describe('the examples of the API page', () => {
  it.each([
    ['a draft', draftBody, DRAFT],
    ['its wording', wordingBody, WORDING],
    ['an agreement', agreementBody, AGREEMENT],
    ['a pause', holdBody, HOLD],
    ['a review', completionBody, REVIEW],
  ])('%s passes the check that a request must pass', (_, schema, example) => {
    expect(schema.safeParse(example)).toMatchObject({ success: true });
  });

  it('refuse what contradicts itself, naming the field', () => {
    const [goal] = DRAFT.goals ?? [];
    const paths = (result: { error?: { issues: readonly { path: readonly PropertyKey[] }[] } }): string[] => (result.error?.issues ?? []).map(({ path }) => path.join('.'));
    expect(paths(draftBody.safeParse({ title: 'No patient' }))).toEqual(['patientId']);
    expect(paths(wordingBody.safeParse({ ...WORDING, goals: [{ ...goal, measure: null }] }))).toEqual(['goals.0.measure']);
    const [activity] = REVIEW.activities;
    expect(paths(completionBody.safeParse({ ...REVIEW, activities: [{ ...activity, decision: 'stop' }] }))).toEqual(['activities.0.why']);
    expect(paths(completionBody.safeParse({ ...REVIEW, activities: [{ ...activity, decision: 'change', why: 'Too much' }] }))).toEqual(['activities.0.change']);
    expect(paths(completionBody.safeParse({ ...REVIEW, goals: [...REVIEW.goals, ...REVIEW.goals] }))).toEqual(['goals']);
  });
});
