import { describe, expect, it } from '@jest/globals';
import { CairnError } from '@cairn/kernel';
import { validate } from './validate.js';

const refusal = (resource: Record<string, unknown>): CairnError => {
  try {
    validate(resource);
  } catch (error) {
    if (error instanceof CairnError) return error;
    throw error;
  }
  throw new Error('was accepted');
};

const observation = { resourceType: 'Observation', status: 'final', code: { text: 'pain' } };

describe('validation', () => {
  it('accepts a valid resource', () => {
    expect(validate(observation)).toBe(observation);
    expect(validate({ resourceType: 'Patient', birthDate: '1970', _birthDate: { extension: [{ url: 'u', valueBoolean: true }] } })).toBeDefined();
  });

  it.each<[string, Record<string, unknown>, string, number]>([
    ['an unknown type', { resourceType: 'Pateint' }, 'resourceType', 0],
    ['no type', {}, 'resourceType', 0],
    ['a type of another product', { resourceType: 'Bot' }, 'resourceType', 0],
    ['an unknown element', { ...observation, colour: 'red' }, 'Observation.colour', 400],
    ['a missing element', { resourceType: 'Observation', status: 'final' }, 'Observation.code', 400],
    ['a value of the wrong kind', { ...observation, status: 7 }, 'Observation.status', 400],
    ['a list where one value stands', { ...observation, status: ['final'] }, 'Observation.status', 400],
    ['one value where a list stands', { ...observation, category: { text: 'x' } }, 'Observation.category', 400],
    ['a date that is none', { ...observation, effectiveDateTime: '2024-02-30' }, 'Observation.effectiveDateTime', 400],
    ['a broken invariant', { ...observation, valueString: 'x', dataAbsentReason: { text: 'y' } }, 'Observation', 422],
    ['an unknown type inside', { ...observation, contained: [{ resourceType: 'Nothing' }] }, 'Observation.contained[0].resourceType', 400],
    ['an invalid resource inside', { ...observation, contained: [{ resourceType: 'Condition', id: 'c' }] }, 'Observation.contained[0].subject', 400],
  ])('refuses %s at its element', (_what, resource, path, status) => {
    const error = refusal(resource);
    expect(error.kind).toBe('invalid');
    expect(error.issues.map((issue) => issue.path)).toContain(path);
    expect(error.status ?? 0).toBe(status);
  });

  it('survives values that make no sense', () => {
    const accepted: string[] = [];
    for (const value of [null, 1, true, [], [[]], [null], [1], {}, { a: 1 }]) {
      for (const key of ['code', 'status', 'subject', 'category', 'contained', 'meta', 'text', 'extension', 'id', 'component']) {
        try {
          validate({ ...observation, [key]: value });
          accepted.push(`${key}: ${JSON.stringify(value)}`);
        } catch (error) {
          expect(error).toBeInstanceOf(CairnError);
        }
      }
    }
    expect(accepted).toEqual([]);
  });
});
