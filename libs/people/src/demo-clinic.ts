import type { ClinicContact } from './clinic-contact.js';
import type { Discipline } from './practitioner.fhir.js';

/** Somebody of the demo team: an office, not an invented person. */
export interface DemoPractitioner {
  readonly display: string;
  readonly discipline: Discipline;
  /** Subject of the demo user who is this practitioner. */
  readonly userSubject?: string;
}

/** The team of the demo clinic: enough disciplines for a quorum. */
export const DEMO_TEAM: readonly DemoPractitioner[] = [
  { display: 'Demo coordinator', discipline: 'coordination', userSubject: 'demo-coordinator' },
  { display: 'Demo physician', discipline: 'physician', userSubject: 'demo-clinician' },
  { display: 'Demo conference lead', discipline: 'physician', userSubject: 'demo-conference-lead' },
  { display: 'Demo psychologist', discipline: 'psychology' },
  { display: 'Demo physiotherapist', discipline: 'physiotherapy' },
  { display: 'Demo pharmacist', discipline: 'pharmacy' },
];

/** How the demo clinic shows itself in messages; its settings hold it under `contact`. The numbers are of the range kept for fiction. */
export const DEMO_CONTACT: ClinicContact = { neutralName: 'Harbour Street Clinic', phone: '+12125550100', smsNumber: '+12125550101', country: 'US' };
