import type { Observation, Patient } from '@medplum/fhirtypes';
import { isPainCode, isPainSeverity } from './clinical-codes.js';
import { isActive, latestFirst, recordNumber } from './patient-record.js';
import type { PatientRecord } from './patient-record.js';

/** What put the first patient before the second one. */
type RankingRule = 'pain-conditions' | 'pain-severity' | 'record-number' | 'only-patient';

/** A patient with what the ranking looked at. */
export interface RankedPatient {
  record: PatientRecord;
  /** Active pain conditions, each named once. */
  painConditions: string[];
  /** The latest pain severity, 0 to 10, where one was measured. */
  painSeverity: number | undefined;
}

/** All living patients, the one most in need of a pain clinic first, and the rule that decided who that is. */
export interface Ranking {
  patients: RankedPatient[];
  rule: RankingRule | undefined;
  because: string;
}

/**
 * Ranks patients by the number of their active pain conditions (pain-conditions.json), then by their latest pain
 * severity (LOINC 72514-3), then by record number so that the order is always the same. Who has died is left out.
 */
export function rankByPain(records: readonly PatientRecord[]): Ranking {
  const patients = records.filter((record) => !hasDied(record.patient)).map(look).toSorted(compare);
  const [first, second] = patients;
  if (!first) return { patients, rule: undefined, because: 'There is no living patient to refer' };
  const rule = decidingRule(first, second);
  return { patients, rule, because: explain(rule, first, second) };
}

function look(record: PatientRecord): RankedPatient {
  const pain = record.conditions.filter((condition) => isActive(condition) && isPainCode(condition.code));
  const names = new Map(pain.map((condition) => [condition.code?.coding?.[0]?.code, condition.code?.coding?.[0]?.display ?? condition.code?.text ?? 'pain']));
  return { record, painConditions: [...names.values()], painSeverity: latestSeverity(record.observations) };
}

function latestSeverity(observations: readonly Observation[]): number | undefined {
  const measured = observations.filter(({ code, status }) => isPainSeverity(code) && status !== 'entered-in-error' && status !== 'cancelled');
  const latest = measured.toSorted(latestFirst).find((one) => score(one) !== undefined);
  return latest && score(latest);
}

function score({ valueQuantity, valueInteger }: Observation): number | undefined {
  return valueQuantity?.value ?? valueInteger;
}

function hasDied({ deceasedBoolean, deceasedDateTime }: Patient): boolean {
  return deceasedBoolean === true || deceasedDateTime !== undefined;
}

function compare(one: RankedPatient, other: RankedPatient): number {
  return (
    other.painConditions.length - one.painConditions.length ||
    (other.painSeverity ?? -1) - (one.painSeverity ?? -1) ||
    numberOf(one).localeCompare(numberOf(other))
  );
}

function numberOf({ record: { patient } }: RankedPatient): string {
  return recordNumber(patient)?.value ?? patient.id;
}

function decidingRule(first: RankedPatient, second: RankedPatient | undefined): RankingRule {
  if (!second) return 'only-patient';
  if (first.painConditions.length !== second.painConditions.length) return 'pain-conditions';
  return first.painSeverity === second.painSeverity ? 'record-number' : 'pain-severity';
}

function explain(rule: RankingRule, first: RankedPatient, second: RankedPatient | undefined): string {
  const count = first.painConditions.length;
  const severity = (one: RankedPatient | undefined) => (one?.painSeverity === undefined ? 'none measured' : one.painSeverity.toFixed(1));
  switch (rule) {
    case 'only-patient':
      return 'It is the only living patient here';
    case 'pain-conditions':
      return `Most active pain conditions: ${count}, the next patient has ${second?.painConditions.length ?? 0}`;
    case 'pain-severity':
      return `As many active pain conditions as the next patient (${count}), so the latest pain severity decides: ${severity(first)} of 10, the next patient's is ${severity(second)}`;
    case 'record-number':
      return `As many active pain conditions (${count}) and the same pain severity (${severity(first)}) as the next patient, so the record number decides`;
  }
}
