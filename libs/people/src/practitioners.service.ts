import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { localDay } from './local-time.js';
import { USER_SUBJECT, careTeamMembers, practitionerFacts, type CareTeamMember, type Discipline, type PractitionerFacts } from './practitioner.fhir.js';
import { CAIRN_CODES } from './consent.fhir.js';

/** Reads who works at the clinic, and who looks after a patient. */
@Injectable()
export class Practitioners {
  constructor(private readonly store: FhirStore) {}

  /** The practitioner's facts, or undefined. */
  async get(tx: Tx, practitionerId: string): Promise<PractitionerFacts | undefined> {
    const practitioner = await this.store.find(tx, 'Practitioner', practitionerId);
    if (!practitioner) return undefined;
    const roles = await this.store.search(tx, 'PractitionerRole', { practitioner: `Practitioner/${practitionerId}` });
    return practitionerFacts(practitioner, roles);
  }

  /** The practitioner who signs in with this token subject, or undefined. */
  async ofUser(tx: Tx, userSubject: string): Promise<PractitionerFacts | undefined> {
    const [practitioner] = await this.store.search(tx, 'Practitioner', { identifier: `${USER_SUBJECT}|${userSubject}` });
    return practitioner?.id ? this.get(tx, practitioner.id) : undefined;
  }

  /** Those who work in the discipline, as far as one search answers. */
  async inDiscipline(tx: Tx, discipline: Discipline): Promise<PractitionerFacts[]> {
    const roles = await this.store.search(tx, 'PractitionerRole', { role: `${CAIRN_CODES}|${discipline}`, active: 'true' });
    const ids = roles.map((role) => role.practitioner?.reference?.split('/').at(-1)).filter((id) => id !== undefined);
    const found = await Promise.all([...new Set(ids)].map((id) => this.get(tx, id)));
    return found.filter((facts) => facts !== undefined);
  }

  /** Who is in the patient's care team today, by the clinic's zone given. */
  async careTeam(tx: Tx, patientId: string, zone: string): Promise<CareTeamMember[]> {
    const teams = await this.store.search(tx, 'CareTeam', { patient: `Patient/${patientId}` });
    return careTeamMembers(teams, localDay(tx.clock.now(), zone));
  }
}
