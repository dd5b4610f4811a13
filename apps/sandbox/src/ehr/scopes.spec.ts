import { describe, expect, it } from '@jest/globals';
import { assertInScope, grantScopes, parseScope } from './scopes.js';

describe('SMART system scopes', () => {
  it.each([
    ['system/Task.read', { type: 'Task', actions: 'rs' }],
    ['system/*.write', { type: '*', actions: 'cud' }],
    ['system/*.*', { type: '*', actions: 'cruds' }],
    ['system/Observation.rs', { type: 'Observation', actions: 'rs' }],
  ])('reads %s', (text, scope) => expect(parseScope(text)).toEqual(scope));

  it.each(['patient/Task.read', 'system/Task', 'system/Task.sr', 'system/Observation.rs?category=survey', 'openid'])('does not understand %s', (text) =>
    expect(parseScope(text)).toBeUndefined(),
  );

  it('grants what is asked and registered, and nothing else', () => {
    expect(grantScopes('system/Task.read system/Patient.cruds openid', 'system/*.read system/Task.cruds')).toEqual(['system/Task.read']);
  });

  it.each([
    ['create', 'Task', true],
    ['update', 'Task', true],
    ['search-type', 'Patient', true],
    ['create', 'Patient', false],
    ['delete', 'Task', false],
  ])('lets %s %s: %s', (code, type, allowed) => {
    const act = () => assertInScope({ code, type }, ['system/*.rs', 'system/Task.cu']);
    if (allowed) expect(act).not.toThrow();
    else expect(act).toThrow(`does not allow ${code} on ${type}`);
  });
});
