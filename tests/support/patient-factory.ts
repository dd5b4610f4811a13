import type { ContactPoint, Patient } from '@medplum/fhirtypes';
import type { TestApp } from './app.js';
import { FhirClient } from './fhir-client.js';

const NUMBERS_KEPT_FOR_FICTION = 100;
let made = 0;

/** Another telephone number of the range kept for fiction, in E.164. Distinct for the first hundred of a test file and area. */
export const fictionalPhone = (area = 646): string => `+1${area}55501${String(made++ % NUMBERS_KEPT_FOR_FICTION).padStart(2, '0')}`;

export const mobile = (value: string): ContactPoint => ({ system: 'phone', use: 'mobile', value });
export const mail = (value: string): ContactPoint => ({ system: 'email', value });

/** A patient with a phone and an address, in a language, unless told otherwise. */
export const patientWith = ({ language = 'en', ...facts }: Partial<Patient> & { language?: string } = {}): Patient => ({
  resourceType: 'Patient',
  name: [{ given: ['Robin'], family: 'Example' }],
  birthDate: '1980-05-17',
  telecom: [mobile(fictionalPhone()), mail(`robin.${made}@example.org`)],
  communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: language }] }, preferred: true }],
  ...facts,
});

/** A system that sends patients and sees them all. */
export const sender = async (app: TestApp): Promise<FhirClient> => new FhirClient(app, await app.asSystem('system/*.cruds'));
