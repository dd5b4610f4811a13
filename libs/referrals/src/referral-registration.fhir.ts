import type { Patient, QuestionnaireResponse } from '@medplum/fhirtypes';
import { INTAKE_FORM, itemLabel } from './minimum-data-set.js';
import type { NewPatient, Registration } from './referral.acts.js';

const INTERPRETER = 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired';

/** A patient whom no hospital has sent. */
export function registeredPatient(id: string, facts: NewPatient): Patient & { id: string } {
  return {
    resourceType: 'Patient',
    id,
    ...(facts.interpreterNeeded ? { extension: [{ url: INTERPRETER, valueBoolean: true }] } : {}),
    name: [{ use: 'official', family: facts.familyName, given: [...facts.givenNames] }],
    gender: facts.gender,
    birthDate: facts.birthDate,
    ...(facts.phone || facts.email
      ? { telecom: [...(facts.phone ? [{ system: 'phone' as const, value: facts.phone }] : []), ...(facts.email ? [{ system: 'email' as const, value: facts.email }] : [])] }
      : {}),
    ...(facts.language ? { communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: facts.language }] }, preferred: true }] } : {}),
  };
}

/** What the referrer told, as an answered intake form: one item for each of the minimum data set that was told. */
export function intakeForm(id: string, patientId: string, information: Registration['information'], authored: Date): QuestionnaireResponse & { id: string } {
  return {
    resourceType: 'QuestionnaireResponse',
    id,
    questionnaire: INTAKE_FORM,
    status: 'completed',
    subject: { reference: `Patient/${patientId}` },
    authored: authored.toISOString(),
    item: Object.entries(information).flatMap(([linkId, told]) => (told ? [{ linkId, text: itemLabel(linkId), answer: [{ valueString: told }] }] : [])),
  };
}
