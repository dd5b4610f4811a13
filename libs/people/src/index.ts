import type { Entities } from '@cairn/platform';
import { ContactDecisionEntry } from './contact-decision.entity.js';
import { ContactPreference } from './contact-preference.entity.js';

export { CAIRN_CODES } from './consent.fhir.js';
export { LONGEST_NEUTRAL_NAME, clinicContact, clinicContactSchema, tells, type ClinicContact } from './clinic-contact.js';
export { ClinicSeed, organizationId, seededPractitionerId } from './clinic-seed.js';
export { DEMO_CONTACT, DEMO_TEAM, type DemoPractitioner } from './demo-clinic.js';
export { CAP_DAYS, mayContact, type ContactAnswer, type ContactQuestion, type ContactRule } from './contact.rules.js';
export { ContactPreferences, type ContactProfile } from './contact-preferences.service.js';
export { mayUse, type ContactStanding, type StandingConsent, type StandingOptOut } from './contact-standing.js';
export { CHANNELS, TOPICS, type Channel, type Topic, type Way } from './contact-words.js';
export { atWallTime, dayPlus, daysAfter, daysBefore, isZone, localDay, localMoment, nextWithin, type DayHours } from './local-time.js';
export { linkToken } from './link-token.js';
export { PatientLinks, type LinkGrant, type OpenedLink } from './patient-links.service.js';
export type { AccessNeed, PatientFacts } from './patient.fhir.js';
export { Patients } from './patients.service.js';
export { PeopleModule } from './people.module.js';
export { peopleMigrations } from './people.migration.js';
export { parsePhone, showPhone, type CountryCode } from './phone.js';
export { DISCIPLINES, USER_SUBJECT, type CareTeamMember, type Discipline, type PractitionerFacts } from './practitioner.fhir.js';
export { Practitioners } from './practitioners.service.js';

/** Entities of this lib. */
export const peopleEntities: Entities = [ContactPreference, ContactDecisionEntry];
