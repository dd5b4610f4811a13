import { describe, expect, it } from '@jest/globals';
import { contactConsent } from './consent.fhir.js';

const clinicId = '0197a6d4-0000-7000-8000-000000000001';
const at = new Date('2026-11-24T12:00:00Z');
const consents = [{ topic: 'care' as const, channel: 'sms' as const, how: 'given-to-provider' as const, since: at }];

describe('the FHIR face of consent to be contacted', () => {
  it('permits the channels agreed to', () => {
    const consent = contactConsent(clinicId, 'p', 'care', { consents, optOuts: [] }, at);
    expect(consent).toMatchObject({ status: 'active', patient: { reference: 'Patient/p' }, provision: { type: 'permit', provision: [{ type: 'permit', code: [{ coding: [{ code: 'sms' }] }] }] } });
  });

  it('denies where nothing was agreed to, or the patient opted out', () => {
    expect(contactConsent(clinicId, 'p', 'questionnaires', { consents, optOuts: [] }, at).provision).toMatchObject({ type: 'deny' });
    const optOuts = [{ topic: 'care' as const, how: 'sms-reply' as const, since: at }];
    expect(contactConsent(clinicId, 'p', 'care', { consents, optOuts }, at).provision).toMatchObject({ type: 'deny' });
  });

  it('is one resource for each patient and topic', () => {
    const id = (patient: string, topic: 'care' | 'questionnaires') => contactConsent(clinicId, patient, topic, { consents, optOuts: [] }, at).id;
    expect(id('p', 'care')).toBe(id('p', 'care'));
    expect(new Set([id('p', 'care'), id('p', 'questionnaires'), id('q', 'care')]).size).toBe(3);
  });
});
