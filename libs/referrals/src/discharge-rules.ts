import type { CodeableConcept, Condition, Encounter, Observation, Procedure, Resource } from '@medplum/fhirtypes';
import rules from './discharge-rules.json' with { type: 'json' };

const DAY_MS = 86_400_000;
const SNOMED = 'http://snomed.info/sct';
const ICD = ['http://hl7.org/fhir/sid/icd-10-cm', 'http://hl7.org/fhir/sid/icd-10'];

/** LOINC codes of pain scores, as a search by `code` takes them. */
export const painScoreCodes = rules.scores.codes.map((code) => `http://loinc.org|${code}`).join(',');

/** The patient's record around a discharge. */
export interface DischargeRecord {
  readonly encounters: readonly (Encounter & { readonly id: string })[];
  readonly procedures: readonly (Procedure & { readonly id: string })[];
  readonly conditions: readonly (Condition & { readonly id: string })[];
  readonly observations: readonly (Observation & { readonly id: string })[];
}

/** Pain that goes on after a procedure whose stay is over. */
export interface ContinuingPain {
  readonly encounterId: string;
  readonly procedureId: string;
  /** References of what tells of the pain. */
  readonly evidence: readonly string[];
}

const instant = (text: string | undefined): number => (text === undefined ? Number.NaN : Date.parse(text));
const codes = (concept: CodeableConcept | undefined, systems: readonly string[]): string[] => (concept?.coding ?? []).flatMap(({ system, code }) => (code && system && systems.includes(system) ? [code] : []));

const isPain = ({ code, clinicalStatus, verificationStatus }: Condition): boolean =>
  (codes(code, [SNOMED]).some((one) => rules.conditions.snomed.includes(one)) || codes(code, ICD).some((one) => rules.conditions.icd10.some((prefix) => one.startsWith(prefix)))) &&
  !(clinicalStatus?.coding ?? []).some((coding) => ['resolved', 'inactive', 'remission'].includes(coding.code ?? '')) &&
  !(verificationStatus?.coding ?? []).some((coding) => ['refuted', 'entered-in-error'].includes(coding.code ?? ''));

const isHighScore = ({ code, status, valueQuantity, valueInteger }: Observation): boolean =>
  !['cancelled', 'entered-in-error'].includes(status) && codes(code, ['http://loinc.org']).some((one) => rules.scores.codes.includes(one)) && Number(valueQuantity?.value ?? valueInteger ?? -1) >= rules.scores.atLeast;

const doneAt = ({ performedDateTime, performedPeriod }: Procedure): number => instant(performedPeriod?.end ?? performedPeriod?.start ?? performedDateTime);

const toldAt = ({ recordedDate, onsetDateTime }: Condition): number => instant(recordedDate ?? onsetDateTime);
const scoredAt = ({ effectiveDateTime, issued }: Observation): number => instant(effectiveDateTime ?? issued);

/** Procedures done before this moment no longer count. */
export const earliestProcedure = (now: Date): Date => new Date(now.getTime() - rules.withinDaysOfProcedure.value * DAY_MS);

/** The latest finished procedure within the time, its finished stay, and the pain that was told of since; undefined when one of them is lacking. */
export function continuingPain({ encounters, procedures, conditions, observations }: DischargeRecord, now: Date): ContinuingPain | undefined {
  const finished = encounters.filter(({ status }) => status === 'finished');
  const recent = procedures
    .filter((procedure) => procedure.status === 'completed' && doneAt(procedure) >= earliestProcedure(now).getTime())
    .sort((a, b) => doneAt(b) - doneAt(a));
  for (const procedure of recent) {
    const done = doneAt(procedure);
    const stay = finished.find(({ id, period }) => procedure.encounter?.reference === `Encounter/${id}` || (instant(period?.start) <= done && done <= instant(period?.end)));
    if (!stay) continue;
    const since = done + rules.atLeastDaysAfter.value * DAY_MS;
    const told = [
      ...conditions.filter((condition) => isPain(condition) && toldAt(condition) >= since).map(({ id }) => `Condition/${id}`),
      ...observations.filter((observation) => isHighScore(observation) && scoredAt(observation) >= since).map(({ id }) => `Observation/${id}`),
    ];
    if (told.length > 0) return { encounterId: stay.id, procedureId: procedure.id, evidence: told.sort().slice(0, 20) };
  }
  return undefined;
}

/** Whether a resource can be the last piece of such a case: all others need no look at the record. Pain told of before any procedure that counts cannot. */
export function mayComplete(resource: Resource, now: Date): boolean {
  const earliest = earliestProcedure(now).getTime();
  switch (resource.resourceType) {
    case 'Encounter':
      return resource.status === 'finished';
    case 'Procedure':
      return resource.status === 'completed';
    case 'Condition':
      return isPain(resource) && toldAt(resource) >= earliest;
    case 'Observation':
      return isHighScore(resource) && scoredAt(resource) >= earliest;
    default:
      return false;
  }
}
