import type { Coding, Identifier, Organization } from '@medplum/fhirtypes';

/** The hospital's own namespaces. */
export const HOSPITAL = {
  organization: { system: 'https://hospital.example/organizations', value: 'sandbox-hospital' },
  mrn: 'https://hospital.example/mrn',
  orders: 'https://hospital.example/orders',
  staff: 'https://hospital.example/staff',
  /** Where a resource without a business identifier of its own gets one: the type is appended. */
  resources: 'https://hospital.example/resources/',
  name: 'Sandbox hospital',
} as const;

/** Marks what the registration clerk added to a record that came without it. */
export const COMPLETED_BY_REGISTRATION: Coding = {
  system: 'https://hospital.example/tags',
  code: 'completed-by-registration',
  display: 'Contact details or language added at registration',
};

/** The hospital as an Organization of its own store. */
export const hospitalOrganization: Organization & { id: string } = {
  resourceType: 'Organization',
  id: 'sandbox-hospital',
  identifier: [HOSPITAL.organization],
  active: true,
  name: HOSPITAL.name,
};

/** The clinic that referrals go to, by the identifier that both sides know. */
export interface Clinic extends Identifier {
  system: string;
  value: string;
}

/** The clinic of Cairn's demo. */
export const DEMO_CLINIC: Clinic = { system: 'https://cairn.example/clinics', value: 'demo' };
