import { describe, expect, it } from '@jest/globals';
import { clinicContact, clinicContactSchema } from './clinic-contact.js';
import { DEMO_CONTACT } from './demo-clinic.js';

const clinic = (contact: unknown) => ({ id: 'c', slug: 'c', name: 'City Pain Clinic', zone: 'UTC', settings: { contact } });

describe('how a clinic shows itself', () => {
  it('takes a neutral name and numbers in E.164', () => {
    expect(clinicContact(clinic(DEMO_CONTACT))).toEqual(DEMO_CONTACT);
    expect(clinicContact(clinic({ ...DEMO_CONTACT, phone: '212-555-0100' }))).toBeUndefined();
    expect(clinicContact(clinic(undefined))).toBeUndefined();
  });

  it.each(['City Pain Clinic', 'Clínica del Dolor', 'Centre Antidouleur', 'Addiction Services', 'Opioid Centre', 'Psychology West'])('refuses a name that tells: %s', (neutralName) => {
    expect(clinicContactSchema.safeParse({ ...DEMO_CONTACT, neutralName }).success).toBe(false);
  });
});
