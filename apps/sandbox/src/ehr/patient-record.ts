import type { WithId } from '@medplum/core';
import type { Condition, MedicationRequest, Observation, Patient, Reference } from '@medplum/fhirtypes';
import type { HospitalRepository } from './hospital-repository.js';

/** What a referral can rest on: one patient with the record's problems, measurements and prescriptions. */
export interface PatientRecord {
  patient: WithId<Patient>;
  conditions: WithId<Condition>[];
  observations: WithId<Observation>[];
  medicationRequests: WithId<MedicationRequest>[];
}

/** Returns the records of all patients in the hospital. */
export async function readRecords(repository: HospitalRepository): Promise<PatientRecord[]> {
  const bySubject = <T extends { subject?: Reference }>(resources: T[]) => Map.groupBy(resources, (resource) => resource.subject?.reference);
  const conditions = bySubject(await repository.all<Condition>('Condition'));
  const observations = bySubject(await repository.all<Observation>('Observation'));
  const medicationRequests = bySubject(await repository.all<MedicationRequest>('MedicationRequest'));
  const patients = await repository.all<Patient>('Patient');
  return patients.map((patient) => {
    const reference = `Patient/${patient.id}`;
    return {
      patient,
      conditions: conditions.get(reference) ?? [],
      observations: observations.get(reference) ?? [],
      medicationRequests: medicationRequests.get(reference) ?? [],
    };
  });
}

/** Tells whether a condition stands: active and not refuted. */
export function isActive({ clinicalStatus, verificationStatus }: Condition): boolean {
  const codes = clinicalStatus?.coding?.map((coding) => coding.code) ?? [];
  const doubt = verificationStatus?.coding?.map((coding) => coding.code) ?? [];
  return codes.some((code) => code === 'active' || code === 'recurrence' || code === 'relapse') && !doubt.some((code) => code === 'refuted' || code === 'entered-in-error');
}

/** Orders observations from the latest to the earliest. */
export function latestFirst(one: Observation, other: Observation): number {
  return timeOf(other) - timeOf(one);
}

function timeOf({ effectiveDateTime, effectivePeriod, issued }: Observation): number {
  return Date.parse(effectiveDateTime ?? effectivePeriod?.end ?? effectivePeriod?.start ?? issued ?? '1900-01-01');
}

/** The patient's medical record number: the identifier typed MR, else the first one. */
export function recordNumber(patient: Patient): { system: string; value: string } | undefined {
  const identifiers = patient.identifier ?? [];
  const chosen = identifiers.find(({ type }) => type?.coding?.some((coding) => coding.code === 'MR')) ?? identifiers[0];
  return chosen?.system && chosen.value ? { system: chosen.system, value: chosen.value } : undefined;
}
