import type { CodeableConcept, Resource, ServiceRequest } from '@medplum/fhirtypes';
import type { AsksFor } from './referral-wish.js';
import type { TriageFacts } from './triage-rules.js';

const DAY_MS = 86_400_000;

/** What stands beside the evidence. */
export interface Surroundings {
  readonly birthDate: string | undefined;
  readonly flags: readonly string[];
  readonly missing: readonly string[];
  readonly asksFor: AsksFor;
  readonly seenBefore: boolean;
  readonly at: Date;
}

/** The facts that triage rules look at, read from what a referral rests on. */
export function triageFacts(request: ServiceRequest, resources: readonly Resource[], { birthDate, flags, missing, asksFor, seenBefore, at }: Surroundings): TriageFacts {
  const codings = (concept: CodeableConcept | undefined): { system: string; code: string }[] => (concept?.coding ?? []).flatMap(({ system, code }) => (system && code ? [{ system, code }] : []));
  const scores: Record<string, number> = {};
  for (const observation of resources.filter((resource) => resource.resourceType === 'Observation').sort((a, b) => (a.effectiveDateTime ?? '').localeCompare(b.effectiveDateTime ?? ''))) {
    const value = observation.valueQuantity?.value ?? observation.valueInteger;
    if (value === undefined || ['cancelled', 'entered-in-error'].includes(observation.status)) continue;
    for (const { system, code } of codings(observation.code)) if (system === 'http://loinc.org') scores[code] = Number(value);
  }
  return {
    urgency: request.priority ?? 'routine',
    flags,
    conditions: resources
      .filter((resource) => resource.resourceType === 'Condition')
      .filter(({ clinicalStatus, verificationStatus }) => !codings(clinicalStatus).some(({ code }) => ['resolved', 'inactive', 'remission'].includes(code)) && !codings(verificationStatus).some(({ code }) => ['refuted', 'entered-in-error'].includes(code)))
      .flatMap((condition) => codings(condition.code).map((coding) => ({ ...coding, ageDays: daysSince(condition.onsetDateTime ?? condition.onsetPeriod?.start ?? condition.recordedDate, at) }))),
    medicines: resources
      .filter((resource) => (resource.resourceType === 'MedicationRequest' || resource.resourceType === 'MedicationStatement') && resource.status === 'active')
      .flatMap((resource) => ('medicationCodeableConcept' in resource ? codings(resource.medicationCodeableConcept) : [])),
    scores,
    age: ageAt(birthDate, at),
    reason: [request.code?.text, ...(request.reasonCode ?? []).flatMap(({ text, coding }) => [text, ...(coding ?? []).map(({ display }) => display)])].filter(Boolean).join('\n'),
    missing,
    asksFor,
    seenBefore,
  };
}

function daysSince(date: string | undefined, at: Date): number | null {
  const when = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(when) ? null : Math.floor((at.getTime() - when) / DAY_MS);
}

/** Whole years. A date of birth that tells only year or month is read as its last day, so that nobody is made older. */
function ageAt(birthDate: string | undefined, at: Date): number | null {
  const [year, month = '12', day = '31'] = birthDate?.split('-') ?? [];
  if (year === undefined) return null;
  const before = (at.getUTCMonth() + 1) * 100 + at.getUTCDate() < Number(month) * 100 + Number(day);
  return at.getUTCFullYear() - Number(year) - (before ? 1 : 0);
}
