import { describe, expect, it } from '@jest/globals';
import { searchParametersOf } from './search-parameters.js';
import { isResourceType, resourceTypes, structureOf } from './structures.js';

describe('definitions of FHIR R4', () => {
  it('know every resource type', () => {
    // R4's value set resource-types has 148 codes, of which Resource and DomainResource have no instances.
    expect(resourceTypes().size).toBe(146);
    expect(isResourceType('Patient')).toBe(true);
    expect(isResourceType('DomainResource')).toBe(false);
    expect(isResourceType('Bot')).toBe(false);
  });

  it('give the structure of each type', () => {
    for (const type of resourceTypes()) expect(structureOf(type).name).toBe(type);
    expect(structureOf('Observation').elements['status']).toMatchObject({ min: 1, max: 1 });
    expect(structureOf('Observation').constraints?.map(({ key }) => key)).toContain('obs-6');
  });

  it('give the search parameters of each type', () => {
    expect(searchParametersOf('Observation').get('code')).toMatchObject({ kind: 'token', expressions: ['Observation.code'] });
    expect(searchParametersOf('Observation').get('patient')?.expressions).toEqual(['Observation.subject.where(resolve() is Patient)']);
    expect(searchParametersOf('Task').get('_tag')).toMatchObject({ kind: 'token', expressions: ['Resource.meta.tag'] });
    expect(searchParametersOf('Nonsense').size).toBe(0);
  });
});
