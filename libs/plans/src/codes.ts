import { CAIRN_CODES } from '@cairn/people';
import type { CodeableConcept, Reference, ResourceType } from '@medplum/fhirtypes';

/** One of Cairn's own codes, with the words people read. */
export const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code, display: text }], text });

export const reference = <T extends ResourceType>(type: T, id: string): { reference: `${T}/${string}` } => ({ reference: `${type}/${id}` });

/** Somebody of the team: by reference where they are on record, else by name. */
export const person = (practitionerId: string | null, name: string): Reference<never> & { reference?: string; display: string } => ({
  ...(practitionerId ? { reference: `Practitioner/${practitionerId}` } : {}),
  display: name,
});
