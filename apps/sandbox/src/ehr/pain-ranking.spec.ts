import { describe, expect, it } from '@jest/globals';
import type { Condition, Observation, Patient } from '@medplum/fhirtypes';
import { MEASURES, conditionCode } from './clinical-codes.js';
import { rankByPain } from './pain-ranking.js';
import type { PatientRecord } from './patient-record.js';

interface Made {
  pain?: string[];
  resolved?: string[];
  severities?: [string, number][];
  died?: string;
}

function condition(name: string, clinicalStatus: string): Condition & { id: string } {
  return { resourceType: 'Condition', id: name, subject: {}, code: conditionCode(name), clinicalStatus: { coding: [{ code: clinicalStatus }] } };
}

function record(id: string, { pain = [], resolved = [], severities = [], died }: Made): PatientRecord {
  const patient: Patient & { id: string } = { resourceType: 'Patient', id, ...(died && { deceasedDateTime: died }) };
  const observations = severities.map(
    ([effectiveDateTime, value], n): Observation & { id: string } => ({
      resourceType: 'Observation', id: `${id}-${n}`, status: 'final', code: MEASURES.painSeverity, effectiveDateTime, valueQuantity: { value },
    }),
  );
  return { patient, conditions: [...pain.map((name) => condition(name, 'active')), ...resolved.map((name) => condition(name, 'resolved'))], observations, medicationRequests: [] };
}

const order = (...records: PatientRecord[]) => rankByPain(records).patients.map(({ record: { patient } }) => patient.id);

describe('Ranking patients for the pain clinic', () => {
  it('puts the patient with more pain conditions first, however severe the pain of the other', () => {
    const many = record('many', { pain: ['low-back-pain', 'neck-pain'], severities: [['2026-01-01', 2]] });
    const severe = record('severe', { pain: ['low-back-pain'], severities: [['2026-01-01', 9]] });
    const ranking = rankByPain([severe, many]);
    expect(ranking.patients.map(({ record: { patient } }) => patient.id)).toEqual(['many', 'severe']);
    expect(ranking.rule).toBe('pain-conditions');
    expect(ranking.because).toContain('2, the next patient has 1');
  });

  it('lets the latest severity decide between as many conditions', () => {
    const worse = record('worse', { pain: ['migraine'], severities: [['2025-01-01', 2], ['2026-01-01', 7]] });
    const better = record('better', { pain: ['migraine'], severities: [['2025-01-01', 9], ['2026-01-01', 3]] });
    const ranking = rankByPain([better, worse]);
    expect(order(better, worse)).toEqual(['worse', 'better']);
    expect(ranking.rule).toBe('pain-severity');
    expect(ranking.patients[0]?.painSeverity).toBe(7);
  });

  it('falls back on the record number, so that the order is always the same', () => {
    const ranking = rankByPain([record('b', {}), record('a', {})]);
    expect(ranking.patients.map(({ record: { patient } }) => patient.id)).toEqual(['a', 'b']);
    expect(ranking.rule).toBe('record-number');
  });

  it('counts neither what is resolved, nor what is not pain, nor one condition twice', () => {
    const [ranked] = rankByPain([record('one', { pain: ['low-back-pain', 'low-back-pain', 'hypertension'], resolved: ['neck-pain'] })]).patients;
    expect(ranked?.painConditions).toEqual(['Chronic low back pain (finding)']);
  });

  it('leaves out who has died', () => {
    expect(order(record('gone', { pain: ['migraine'], died: '2008-12-14' }), record('here', {}))).toEqual(['here']);
  });

  it('says so when there is one patient, or none', () => {
    expect(rankByPain([record('one', {})]).rule).toBe('only-patient');
    expect(rankByPain([])).toMatchObject({ rule: undefined, because: 'There is no living patient to refer' });
  });
});
