import type { Consent } from '@medplum/fhirtypes';
import { v5 } from 'uuid';
import type { ContactStanding } from './contact-standing.js';
import { CHANNELS, type Topic } from './contact-words.js';

/** Code system of Cairn's own words. */
export const CAIRN_CODES = 'urn:cairn:code';

const code = (word: string): { coding: { system: string; code: string }[] } => ({ coding: [{ system: CAIRN_CODES, code: word }] });

const TITLES: Record<Topic, string> = { care: 'Messages about care', questionnaires: 'Messages that ask for a questionnaire' };

/** The id of the Consent that shows where a patient stands on one topic: always the same for the same patient and topic. */
const consentId = (clinicId: string, patientId: string, topic: Topic): string => v5(`contact-consent/${patientId}/${topic}`, clinicId);

/**
 * Where the patient stands on messages about one topic, as a Consent: permitted with the channels that were agreed to, or denied when none
 * was, or when the patient opted out. Category LOINC 59284-0 (R4, value set consent-category).
 */
export function contactConsent(clinicId: string, patientId: string, topic: Topic, standing: ContactStanding, at: Date): Consent & { id: string } {
  const optedOut = standing.optOuts.some((optOut) => optOut.topic === topic);
  const channels = optedOut ? [] : CHANNELS.filter((channel) => standing.consents.some((consent) => consent.topic === topic && consent.channel === channel));
  return {
    resourceType: 'Consent',
    id: consentId(clinicId, patientId, topic),
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy', display: 'Privacy Consent' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Patient Consent' }] }],
    patient: { reference: `Patient/${patientId}` },
    dateTime: at.toISOString(),
    policyRule: { ...code('contact-preferences'), text: TITLES[topic] },
    provision: {
      type: channels.length > 0 ? 'permit' : 'deny',
      code: [{ ...code(`contact-${topic}`), text: TITLES[topic] }],
      ...(channels.length > 0 ? { provision: [{ type: 'permit', code: channels.map((channel) => code(channel)) }] } : {}),
    },
  };
}
