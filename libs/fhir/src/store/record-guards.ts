import { WHOLE_RECORD_BITS, type Tx } from '@cairn/platform';
import type { CareTeam, Consent, Organization, Period, Practitioner, PractitionerRole, Resource } from '@medplum/fhirtypes';
import { consentRules } from '../access/consent-rules.js';
import { CONSENT_RULES, INHERITED_STAFF } from '../access/label-bits.js';
import { labelsOf } from '../access/sensitivity.js';
import { hash53 } from '../search-index/hashes.js';
import { rangeOf } from '../search-index/date-range.js';
import { isDeleted, nameOf, readOne, type CurrentVersion } from './stored-version.js';

/** What guards records besides their own labels is read off these types whenever one is written. */
export const GUARDING: ReadonlySet<string> = new Set(['Patient', 'Consent', 'CareTeam', 'Practitioner', 'Organization']);

const ACTOR_SYSTEMS: Readonly<Record<string, string>> = { 'urn:cairn:user': 'person', 'urn:cairn:connection': 'connection', 'urn:cairn:client': 'system' };

/**
 * Keeps up what row-level security looks at: whether a patient works here, what Consents say, who is in the care team, and who of those
 * named in them acts here under which name. Care teams and names count only where the clinic itself wrote them: a hospital must not be able
 * to close the clinic's own people out, or let them in.
 */
export async function keepGuards(tx: Tx, versions: readonly CurrentVersion[], before: ReadonlyMap<string, CurrentVersion>): Promise<void> {
  for (const version of versions.filter(({ type }) => GUARDING.has(type))) {
    const resource = isDeleted(version) ? undefined : (JSON.parse(version.json) as Resource);
    await keepGuard(tx, version, resource, before.get(nameOf(version)));
  }
}

async function keepGuard(tx: Tx, version: CurrentVersion, resource: Resource | undefined, previous: CurrentVersion | undefined): Promise<void> {
  const ofClinic = version.connectionId === null;
  switch (version.type) {
    case 'Patient':
      return keepStaff(tx, version, previous);
    case 'Consent':
      return keepConsent(tx, version, resource as Consent | undefined, previous);
    case 'CareTeam':
      return ofClinic ? keepCareTeam(tx, version, resource as CareTeam | undefined) : undefined;
    default:
      return ofClinic ? keepNames(tx, version, resource as Practitioner | Organization | undefined) : undefined;
  }
}

async function keepStaff(tx: Tx, version: CurrentVersion, previous: CurrentVersion | undefined): Promise<void> {
  const staff = (each: CurrentVersion | undefined): number =>
    each && !isDeleted(each) && (labelsOf(JSON.parse(each.json) as Record<string, unknown>) & WHOLE_RECORD_BITS) !== 0 ? INHERITED_STAFF : 0;
  if (staff(version) !== staff(previous)) await label(tx, version.id, nameOf(version), staff(version));
}

async function keepConsent(tx: Tx, version: CurrentVersion, consent: Consent | undefined, previous: CurrentVersion | undefined): Promise<void> {
  const rules = consent ? consentRules(consent) : [];
  const [patient] = version.patientIds;
  const had = previous !== undefined && !isDeleted(previous) && consentRules(JSON.parse(previous.json) as Consent).length > 0;
  if (had) {
    await tx.query(`delete from fhir_consent_rule where clinic_id = $1 and consent_id = $2`, [tx.scope.clinicId, version.id]);
    for (const each of previous.patientIds) if (each !== patient || rules.length === 0) await label(tx, each, nameOf(version), 0);
  }
  if (rules.length === 0 || patient === undefined) return;
  for (const [number, { effect, depth, actors, types, labels, startsAt, endsAt }] of rules.entries()) {
    await tx.query({
      name: 'fhir-consent-rule',
      text: `insert into fhir_consent_rule (clinic_id, consent_id, number, patient_id, effect, depth, actors, types, labels, starts_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      values: [tx.scope.clinicId, version.id, number, patient, effect, depth, actors, types, labels, ...bounds({ ...(startsAt ? { start: startsAt } : {}), ...(endsAt ? { end: endsAt } : {}) })],
    });
  }
  await label(tx, patient, nameOf(version), CONSENT_RULES);
}

async function keepCareTeam(tx: Tx, version: CurrentVersion, team: CareTeam | undefined): Promise<void> {
  await tx.query(`delete from fhir_care_team where clinic_id = $1 and team_id = $2`, [tx.scope.clinicId, version.id]);
  const [patient] = version.patientIds;
  if (team?.status !== 'active' || patient === undefined) return;
  for (const [number, { member, period }] of (team.participant ?? []).entries()) {
    const reference = member?.reference === undefined ? undefined : await practitionerBehind(tx, member.reference);
    if (reference === undefined) continue;
    await tx.query({
      name: 'fhir-care-team',
      text: `insert into fhir_care_team (clinic_id, team_id, number, patient_id, member, starts_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [tx.scope.clinicId, version.id, number, patient, reference, ...bounds(period ?? team.period)],
    });
  }
}

/** A team may name the role that somebody holds. */
async function practitionerBehind(tx: Tx, reference: string): Promise<string | undefined> {
  const [, id] = /^PractitionerRole\/([A-Za-z0-9\-.]{1,64})$/.exec(reference) ?? [];
  if (id === undefined) return reference;
  const role = await readOne(tx, 'PractitionerRole', id);
  return role && !isDeleted(role) ? (JSON.parse(role.json) as PractitionerRole).practitioner?.reference : undefined;
}

async function keepNames(tx: Tx, version: CurrentVersion, named: Practitioner | Organization | undefined): Promise<void> {
  const reference = nameOf(version);
  const actors = (named?.identifier ?? []).flatMap(({ system = '', value }) => (ACTOR_SYSTEMS[system] !== undefined && value !== undefined ? [`${ACTOR_SYSTEMS[system]}:${value}`] : []));
  if (version.version > 1) await tx.query(`delete from fhir_actor_name where clinic_id = $1 and reference = $2`, [tx.scope.clinicId, reference]);
  if (actors.length === 0) return;
  await tx.query(`insert into fhir_actor_name (clinic_id, actor, reference) select $1, a, $2 from unnest($3::text[]) as a on conflict do nothing`, [tx.scope.clinicId, reference, actors]);
}

const label = async (tx: Tx, patientId: string, source: string, labels: number): Promise<void> => {
  await tx.query({ name: 'fhir-label-patient', text: 'select fhir_label_patient($1, $2::bigint, $3, $4::int)', values: [patientId, hash53(patientId), source, labels] });
};

/** The start of the first day and the end of the last. */
function bounds(period: Period | undefined): (Date | null)[] {
  const start = period?.start === undefined ? undefined : rangeOf(period.start);
  const end = period?.end === undefined ? undefined : rangeOf(period.end);
  return [start ? new Date(start.low) : null, end ? new Date(end.high) : null];
}
