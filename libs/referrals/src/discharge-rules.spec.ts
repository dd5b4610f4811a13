import { describe, expect, it } from '@jest/globals';
import type { Condition, Encounter, Observation, Procedure } from '@medplum/fhirtypes';
import { continuingPain, type DischargeRecord } from './discharge-rules.js';

const now = new Date('2026-06-01T12:00:00Z');
const subject = { reference: 'Patient/p' };
const encounter: Encounter & { id: string } = { resourceType: 'Encounter', id: 'e', status: 'finished', class: { code: 'IMP' }, subject, period: { start: '2026-03-01T08:00:00Z', end: '2026-03-04T12:00:00Z' } };
const procedure: Procedure & { id: string } = { resourceType: 'Procedure', id: 'o', status: 'completed', subject, performedDateTime: '2026-03-02T09:00:00Z' };
const pain: Condition & { id: string } = { resourceType: 'Condition', id: 'c', subject, code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'G89.28' }] }, recordedDate: '2026-05-20' };
const score = (value: number, at = '2026-05-20T09:00:00Z'): Observation & { id: string } => ({ resourceType: 'Observation', id: 's', status: 'final', code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] }, subject, effectiveDateTime: at, valueInteger: value });
const record: DischargeRecord = { encounters: [encounter], procedures: [procedure], conditions: [pain], observations: [] };

describe('pain that continues after a procedure', () => {
  it('is seen from a finished stay, a procedure in it, and a diagnosis or a score since', () => {
    expect(continuingPain(record, now)).toEqual({ encounterId: 'e', procedureId: 'o', evidence: ['Condition/c'] });
    expect(continuingPain({ ...record, conditions: [], observations: [score(4)] }, now)?.evidence).toEqual(['Observation/s']);
  });

  it.each<[string, Partial<DischargeRecord>]>([
    ['the stay goes on', { encounters: [{ ...encounter, status: 'in-progress' }] }],
    ['there was no procedure', { procedures: [] }],
    ['the procedure was not done', { procedures: [{ ...procedure, status: 'not-done' }] }],
    ['it is too long ago', { procedures: [{ ...procedure, performedDateTime: '2025-03-02T09:00:00Z' }], encounters: [{ ...encounter, period: { start: '2025-03-01', end: '2025-03-05' } }] }],
    ['the procedure belongs to another stay', { procedures: [{ ...procedure, performedDateTime: '2026-04-20T09:00:00Z' }] }],
    ['the pain is over', { conditions: [{ ...pain, clinicalStatus: { coding: [{ code: 'resolved' }] } }] }],
    ['the pain was there before', { conditions: [{ ...pain, recordedDate: '2026-02-01' }] }],
    ['the score is low', { conditions: [], observations: [score(3)] }],
    ['the score is older than the procedure', { conditions: [], observations: [score(9, '2026-02-01T09:00:00Z')] }],
  ])('is not seen where %s', (_, parts) => {
    expect(continuingPain({ ...record, ...parts }, now)).toBeUndefined();
  });
});
