import { createHash } from 'node:crypto';
import type { ContactPoint, Patient } from '@medplum/fhirtypes';
import { COMPLETED_BY_REGISTRATION } from './hospital.js';

/** A patient as registration leaves it, and what was added, in words (nothing when the record was complete). */
export interface Registered<P extends Patient = Patient> {
  patient: P;
  added: string[];
}

// Numbers 555-0100 to 555-0199 are kept for fiction in every area code (North American Numbering Plan).
const AREA_CODES = ['202', '213', '303', '312', '404', '415', '503', '512', '617', '702', '801', '919'];

function fictionalNumber(patient: Patient): string {
  const digest = createHash('sha256').update(patient.id ?? JSON.stringify(patient.identifier)).digest();
  const area = AREA_CODES[digest.readUInt16BE(0) % AREA_CODES.length] ?? '202';
  return `+1${area}55501${String(digest.readUInt16BE(2) % 100).padStart(2, '0')}`;
}

function canBeTexted({ system, use }: ContactPoint): boolean {
  return system === 'sms' || (system === 'phone' && use === 'mobile');
}

/**
 * Does what a registration clerk does with a record from elsewhere: adds an e-mail address and a number that takes text
 * messages where the record has neither, and a language where it names none. What is there is never touched; a record
 * with one way to reach the patient is complete. Marks a record that it changed with a tag.
 */
export function completeRegistration<P extends Patient>(patient: P): Registered<P> {
  const telecom = patient.telecom ?? [];
  const added: string[] = [];
  const contacts: ContactPoint[] = [];
  if (!telecom.some((contact) => contact.system === 'email' || canBeTexted(contact))) {
    contacts.push({ system: 'email', value: `patient-${patient.id}@mail.example`, use: 'home' }, { system: 'sms', value: fictionalNumber(patient), use: 'mobile' });
    added.push('e-mail address', 'mobile number');
  }
  const language = patient.communication?.length
    ? patient.communication
    : [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en', display: 'English' }], text: 'English' }, preferred: true }];
  if (language !== patient.communication) added.push('language');
  if (!added.length) return { patient, added };
  const meta = { ...patient.meta, tag: [...(patient.meta?.tag ?? []), COMPLETED_BY_REGISTRATION] };
  return { patient: { ...patient, meta, telecom: [...telecom, ...contacts], communication: language }, added };
}
