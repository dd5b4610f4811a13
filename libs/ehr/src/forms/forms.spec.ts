import { describe, expect, it } from '@jest/globals';
import type { Capability, TypeCapability } from '../connection/capability.js';
import { EXCHANGED_TYPES } from '../exchange/exchange.rules.js';
import { chooseForm } from './forms.js';
import table from './forms.json' with { type: 'json' };

const can = (change: Partial<TypeCapability> = {}): TypeCapability => ({
  read: true, search: true, create: true, update: true, delete: false, conditionalCreate: true, versioned: true, searchBy: ['identifier'], ...change,
});
const ehr = (types: Record<string, TypeCapability>): Capability => ({ fhirVersion: '4.0.1', software: 'test', types });
const nothing = { has: () => false };
const native = { has: ({ each }: { each: string }) => each === 'resource' };

describe('the form in which an EHR is told', () => {
  it('is named for every type of the exchange, itself first and a document last', () => {
    const forms: Record<string, { type: string }[]> = table.forms;
    expect(Object.keys(forms).sort()).toEqual([...EXCHANGED_TYPES].sort());
    for (const type of EXCHANGED_TYPES) {
      expect(forms[type]?.[0]?.type).toBe(type);
      expect(forms[type]?.at(-1)?.type).toBe('DocumentReference');
    }
  });

  it('is the richest that the EHR takes', () => {
    const all = ehr({ Task: can(), Communication: can(), DocumentReference: can() });
    const readOnly = can({ create: false, update: false });
    expect(chooseForm('Task', all, nothing)).toEqual({ type: 'Task', each: 'resource' });
    expect(chooseForm('Task', { ...all, types: { ...all.types, Task: readOnly } }, nothing)).toEqual({ type: 'Communication', each: 'version' });
    expect(chooseForm('Task', ehr({ DocumentReference: can() }), nothing)).toEqual({ type: 'DocumentReference', each: 'version' });
    expect(chooseForm('Task', ehr({}), nothing)).toBeUndefined();
  });

  it('is not one whose create could make two', () => {
    expect(chooseForm('Goal', ehr({ Goal: can({ conditionalCreate: false }) }), nothing)?.type).toBe('Goal');
    expect(chooseForm('Goal', ehr({ Goal: can({ conditionalCreate: false, searchBy: [] }) }), nothing)).toBeUndefined();
  });

  it('asks for an update where the EHR has the resource, else for a document of each version', () => {
    const onceOnly = ehr({ Observation: can({ update: false }), DocumentReference: can({ update: false }) });
    expect(chooseForm('Observation', onceOnly, nothing)?.type).toBe('Observation');
    expect(chooseForm('Observation', onceOnly, native)).toEqual({ type: 'DocumentReference', each: 'version' });
    expect(chooseForm('Task', ehr({ Task: can({ create: false }) }), native)?.type).toBe('Task');
  });
});
