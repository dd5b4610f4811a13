import type { CareTeam, Organization, Period, Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import { CAIRN_CODES } from './consent.fhir.js';

/** The disciplines of a pain clinic's team. */
export const DISCIPLINES = [
  'physician',
  'psychology',
  'physiotherapy',
  'occupational-therapy',
  'nursing',
  'pharmacy',
  'social-work',
  'coordination',
] as const;
export type Discipline = (typeof DISCIPLINES)[number];

/** Identifier system that ties a Practitioner to the subject of a person's token. */
export const USER_SUBJECT = 'urn:cairn:user';

/** What Cairn's features need to know of somebody who works at the clinic. */
export interface PractitionerFacts {
  readonly id: string;
  readonly display: string;
  readonly disciplines: readonly Discipline[];
  /** Subject of the tokens that this person signs in with, where one is known. */
  readonly userSubject: string | undefined;
}

/** A place in a patient's care team, for as long as its period runs. */
export interface CareTeamMember {
  /** `Practitioner/…`, `PractitionerRole/…` or whatever else the team names. */
  readonly reference: string;
  readonly display: string | undefined;
  readonly disciplines: readonly Discipline[];
  readonly since: string | undefined;
  readonly until: string | undefined;
}

const isDiscipline = (word: string | undefined): word is Discipline => (DISCIPLINES as readonly (string | undefined)[]).includes(word);

const disciplinesIn = (concepts: readonly { coding?: { system?: string; code?: string }[] }[] | undefined): Discipline[] =>
  (concepts ?? []).flatMap((concept) => concept.coding ?? []).filter((coding) => coding.system === CAIRN_CODES).map((coding) => coding.code).filter(isDiscipline);

const nameOf = ({ name }: Practitioner): string | undefined => name?.[0]?.text ?? ([...(name?.[0]?.given ?? []), name?.[0]?.family].filter(Boolean).join(' ') || undefined);

/** The facts of a Practitioner with the roles it holds; roles that are not active count for nothing. */
export function practitionerFacts(practitioner: Practitioner, roles: readonly PractitionerRole[]): PractitionerFacts {
  const held = roles.filter((role) => role.active !== false).flatMap((role) => disciplinesIn(role.code));
  return {
    id: practitioner.id ?? '',
    display: nameOf(practitioner) ?? 'Unnamed practitioner',
    disciplines: [...new Set(held)],
    userSubject: practitioner.identifier?.find(({ system }) => system === USER_SUBJECT)?.value,
  };
}

const covers = (period: Period | undefined, day: string): boolean =>
  (!period?.start || period.start.slice(0, 10) <= day) && (!period?.end || period.end.slice(0, 10) >= day);

/** The members of the active teams whose own period, and their team's, covers the day (`YYYY-MM-DD`). */
export function careTeamMembers(teams: readonly CareTeam[], day: string): CareTeamMember[] {
  return teams
    .filter((team) => team.status === 'active' && covers(team.period, day))
    .flatMap((team) => (team.participant ?? []).map((participant) => ({ participant, period: participant.period ?? team.period })))
    .filter(({ participant, period }) => participant.member?.reference !== undefined && covers(period, day))
    .map(({ participant, period }) => ({
      reference: participant.member?.reference ?? '',
      display: participant.member?.display,
      disciplines: disciplinesIn(participant.role),
      since: period?.start,
      until: period?.end,
    }));
}

/** The clinic as FHIR sees it. */
export const clinicOrganization = (id: string, name: string): Organization & { id: string } => ({
  resourceType: 'Organization',
  id,
  active: true,
  name,
  type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/organization-type', code: 'prov', display: 'Healthcare Provider' }] }],
});

/** Somebody who works at the clinic, and the role in which they do. */
export function clinicPractitioner(
  ids: { practitioner: string; role: string; organization: string },
  person: { display: string; discipline: Discipline; userSubject?: string },
): [Practitioner & { id: string }, PractitionerRole & { id: string }] {
  return [
    {
      resourceType: 'Practitioner',
      id: ids.practitioner,
      active: true,
      ...(person.userSubject ? { identifier: [{ system: USER_SUBJECT, value: person.userSubject }] } : {}),
      name: [{ text: person.display }],
    },
    {
      resourceType: 'PractitionerRole',
      id: ids.role,
      active: true,
      practitioner: { reference: `Practitioner/${ids.practitioner}`, display: person.display },
      organization: { reference: `Organization/${ids.organization}` },
      code: [{ coding: [{ system: CAIRN_CODES, code: person.discipline }] }],
    },
  ];
}
