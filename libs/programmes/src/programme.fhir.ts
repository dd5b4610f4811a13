import { CAIRN_CODES, organizationId } from '@cairn/people';
import type { Appointment, CodeableConcept, Group, HealthcareService, ServiceRequest, Task } from '@medplum/fhirtypes';
import type { Attendance, AttendanceState } from './attendance.entity.js';
import type { Cohort, CohortSession } from './cohort.entity.js';
import type { Enrolment } from './enrolment.entity.js';
import type { EnrolmentState } from './enrolment.workflow.js';
import type { Programme } from './programme.entity.js';

const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code, display: text }], text });
const LANGUAGE = 'urn:ietf:bcp:47';

/** The offer as a HealthcareService; its languages and formats are those of its runs. */
export const healthcareService = (programme: Programme, cohorts: readonly Cohort[]): HealthcareService & { id: string } => {
  const languages = [...new Set(cohorts.map(({ language }) => language))];
  const formats = [...new Set(cohorts.map(({ format }) => format))];
  return {
    resourceType: 'HealthcareService',
    id: programme.id,
    identifier: [{ system: 'urn:cairn:programme', value: programme.id }],
    active: programme.state === 'open',
    providedBy: { reference: `Organization/${organizationId(programme.clinicId)}` },
    ...(programme.serviceType ? { type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/service-type', code: programme.serviceType }] }] } : {}),
    name: programme.title,
    ...(programme.description ? { comment: programme.description } : {}),
    serviceProvisionCode: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/service-provision-conditions', code: programme.cost }] }],
    ...(formats.length > 0 ? { characteristic: formats.map((format) => local(`format-${format}`, format)) } : {}),
    ...(languages.length > 0 ? { communication: languages.map((code) => ({ coding: [{ system: LANGUAGE, code }] })) } : {}),
    appointmentRequired: true,
  };
};

/**
 * A run as a Group of persons. It counts its members and does not name them: a hospital that shares one of them must not learn of the
 * others. Who they are stands in each one's own Task.
 */
export const cohortGroup = (cohort: Cohort, programme: Programme, members: number): Group & { id: string } => ({
  resourceType: 'Group',
  id: cohort.id,
  identifier: [{ system: 'urn:cairn:cohort', value: cohort.id }],
  active: true,
  type: 'person',
  actual: true,
  code: local('cohort', 'Cohort of a programme'),
  name: `${programme.title}, from ${cohort.startsAt.toISOString().slice(0, 10)}`,
  quantity: members,
  managingEntity: { reference: `Organization/${organizationId(cohort.clinicId)}` },
});

interface Face {
  readonly request: ServiceRequest['status'];
  readonly task: Task['status'];
  readonly word: string;
}

/** Statuses never go backwards: screening happens before the request is accepted, and being offered a place and passing it on after. */
const FACE: Record<EnrolmentState, Face> = {
  referred: { request: 'active', task: 'requested', word: 'Referred' },
  screened: { request: 'active', task: 'requested', word: 'Screened' },
  waitlisted: { request: 'active', task: 'accepted', word: 'On the waiting list' },
  offered: { request: 'active', task: 'accepted', word: 'A place is offered' },
  enrolled: { request: 'active', task: 'accepted', word: 'Enrolled' },
  attending: { request: 'active', task: 'in-progress', word: 'Attending' },
  completed: { request: 'completed', task: 'completed', word: 'Completed' },
  withdrawn: { request: 'revoked', task: 'cancelled', word: 'Withdrawn' },
  'not-suitable': { request: 'revoked', task: 'rejected', word: 'Not suitable' },
};

/** The enrolment as the request that carries out an activity of a care plan, and the Task that says how it stands. Both have the enrolment's id. */
export function enrolmentFaces(enrolment: Enrolment, programme: Programme, changedAt: Date): [ServiceRequest & { id: string }, Task & { id: string }] {
  const { request, task, word } = FACE[enrolment.state];
  const patient = { reference: `Patient/${enrolment.patientId}` } as const;
  const service = { reference: `HealthcareService/${programme.id}`, display: programme.title } as const;
  return [
    {
      resourceType: 'ServiceRequest',
      id: enrolment.id,
      identifier: [{ system: 'urn:cairn:enrolment', value: enrolment.id }],
      basedOn: [{ reference: `CarePlan/${enrolment.planId}` }],
      status: request,
      intent: 'order',
      category: [local('programme', 'Programme')],
      code: { text: programme.title },
      subject: patient,
      authoredOn: enrolment.createdAt.toISOString(),
      performer: [service],
    },
    {
      resourceType: 'Task',
      id: enrolment.id,
      identifier: [{ system: 'urn:cairn:enrolment', value: enrolment.id }],
      basedOn: [{ reference: `CarePlan/${enrolment.planId}` }],
      status: task,
      businessStatus: local(enrolment.state, word),
      ...(enrolment.endReason ? { statusReason: { text: enrolment.endReason } } : {}),
      intent: 'order',
      code: local('programme-enrolment', 'Place in a programme'),
      focus: { reference: `ServiceRequest/${enrolment.id}` },
      for: patient,
      authoredOn: enrolment.createdAt.toISOString(),
      lastModified: changedAt.toISOString(),
      owner: { ...(enrolment.ownerPractitionerId ? { reference: `Practitioner/${enrolment.ownerPractitionerId}` } : {}), display: enrolment.ownerName },
      ...(enrolment.offeredUntil ? { restriction: { period: { end: enrolment.offeredUntil.toISOString() } } } : {}),
      ...(enrolment.cohortId ? { input: [{ type: local('cohort', 'Cohort'), valueReference: { reference: `Group/${enrolment.cohortId}` } }] } : {}),
    },
  ];
}

const APPOINTMENT: Record<AttendanceState, Appointment['status']> = { expected: 'booked', attended: 'fulfilled', missed: 'noshow', excused: 'cancelled' };

/** A session for one person: each has an Appointment of their own, so that reminders and no-shows stay theirs. */
export const sessionAppointment = (attendance: Attendance, session: CohortSession, enrolment: Enrolment, programme: Programme): Appointment & { id: string } => ({
  resourceType: 'Appointment',
  id: attendance.id,
  identifier: [{ system: 'urn:cairn:session', value: session.id }],
  status: APPOINTMENT[attendance.state],
  ...(attendance.state === 'excused' ? { cancelationReason: local('excused', 'Called off beforehand') } : {}),
  description: session.topic ?? programme.title,
  start: session.startsAt.toISOString(),
  end: new Date(session.startsAt.getTime() + session.minutes * 60_000).toISOString(),
  minutesDuration: session.minutes,
  basedOn: [{ reference: `ServiceRequest/${enrolment.id}` }],
  participant: [
    { actor: { reference: `Patient/${enrolment.patientId}` }, required: 'required', status: attendance.state === 'excused' ? 'declined' : 'accepted' },
    { actor: { reference: `HealthcareService/${programme.id}`, display: programme.title }, status: 'accepted' },
  ],
});
