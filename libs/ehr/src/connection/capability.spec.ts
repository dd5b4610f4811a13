import { describe, expect, it } from '@jest/globals';
import { offered, readCapability, writableTypes } from './capability.js';
import { allows, firstOddScope } from './smart-scope.js';

const STATEMENT = JSON.stringify({
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  software: { name: 'An EHR' },
  rest: [
    { mode: 'client' },
    {
      mode: 'server',
      resource: [
        { type: 'Task', interaction: [{ code: 'read' }, { code: 'search-type' }], searchParam: [{ name: 'identifier' }] },
        { type: 'Communication', interaction: [{ code: 'create' }], versioning: 'no-version', conditionalCreate: true },
        { type: 'Patient' },
      ],
    },
  ],
});

describe('what an EHR says it can do', () => {
  it('is read from its CapabilityStatement', () => {
    const capability = readCapability(STATEMENT);
    if (!capability) throw new Error('It was not read.');
    expect(capability).toMatchObject({ fhirVersion: '4.0.1', software: 'An EHR' });
    expect(writableTypes(capability)).toEqual(['Communication']);
    expect(offered(capability, 'Task')).toMatchObject({ read: true, search: true, create: false, versioned: true, searchBy: ['identifier'] });
    expect(offered(capability, 'Communication')).toMatchObject({ create: true, conditionalCreate: true, versioned: false });
    expect(offered(capability, 'Goal')).toMatchObject({ read: false, create: false });
  });

  it.each(['', '<html>', '[]', '{"resourceType":"OperationOutcome"}', '{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[{"mode":"client"}]}'])('is not read from %j', (text) => {
    expect(readCapability(text)).toBeUndefined();
  });
});

describe('granted scopes', () => {
  it('are SMART system scopes, v1 or v2', () => {
    expect(firstOddScope('system/Task.cruds  system/*.read system/Observation.rs?category=vital-signs')).toBeUndefined();
    for (const odd of ['patient/Task.read', 'system/Task.', 'system/Task.sr', 'system/task.read', 'openid']) expect(firstOddScope(`system/Task.rs ${odd}`)).toBe(odd);
  });

  it.each([
    [['system/Task.cruds'], 'Task', 'update', true],
    [['system/Task.rs'], 'Task', 'create', false],
    [['system/Task.read'], 'Task', 'search', true],
    [['system/Task.write'], 'Task', 'update', true],
    [['system/Task.write'], 'Task', 'read', false],
    [['system/*.*'], 'Goal', 'delete', true],
    [['system/*.rs'], 'Goal', 'create', false],
    [['patient/Task.*', 'launch', 'system/Task.rs?code=x'], 'Task', 'read', false],
  ] as const)('%j on %s: %s is %s', (granted, type, interaction, expected) => expect(allows(granted, type, interaction)).toBe(expected));
});
