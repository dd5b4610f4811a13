import { describe, expect, it } from '@jest/globals';
import { readObject } from '../lossless/read-body.js';
import { conditionalReferencesOf, mayReferByCriteria } from './conditional-references.js';

const observation = (reference: string) => readObject(`{"resourceType":"Observation","subject":{"reference":${reference}}}`);

describe('References with criteria', () => {
  it('are found as they are written, and behind escapes', () => {
    for (const written of ['"Patient?identifier=a|1"', '"Patient\\u003fidentifier=a|1"', '"\\u0050atient?identifier=a|1"']) {
      const content = observation(written);
      expect(mayReferByCriteria(content)).toBe(true);
      expect(conditionalReferencesOf(content)).toEqual([{ text: 'Patient?identifier=a|1', type: 'Patient', criteria: 'identifier=a|1' }]);
    }
  });

  it('are not taken for others', () => {
    expect(mayReferByCriteria(observation('"Patient/1"'))).toBe(false);
    for (const written of ['"Patient/1"', '"https://elsewhere.example/Patient?x=1"', '"Nonsense?x=1"']) expect(conditionalReferencesOf(observation(written))).toEqual([]);
  });
});
