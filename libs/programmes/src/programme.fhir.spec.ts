import { describe, expect, it } from '@jest/globals';
import { validate } from '@cairn/fhir';
import type { Resource } from '@medplum/fhirtypes';
import { ATTENDANCE_STATES, type Attendance } from './attendance.entity.js';
import type { Cohort, CohortSession } from './cohort.entity.js';
import type { Enrolment } from './enrolment.entity.js';
import { ENROLMENT_STATES } from './enrolment.workflow.js';
import type { Programme } from './programme.entity.js';
import { cohortGroup, enrolmentFaces, healthcareService, sessionAppointment } from './programme.fhir.js';

const clinicId = '0190a000-0000-7000-8000-000000000001';
const at = new Date('2026-11-22T10:00:00Z');
const programme: Programme = {
  clinicId, id: '0190a000-0000-7000-8000-000000000002', state: 'open', title: 'Moving with pain', description: 'Eight evenings', notSuitableFor: null, serviceType: '224', cost: 'free',
  sessionsNeeded: 6, ownerPractitionerId: null, ownerName: 'C. Oordinator', createdAt: at, version: 1,
};
const cohort: Cohort = { clinicId, id: '0190a000-0000-7000-8000-000000000003', programmeId: programme.id, language: 'es', format: 'online', capacity: 10, startsAt: at, createdAt: at, version: 1 };
const session: CohortSession = { clinicId, id: '0190a000-0000-7000-8000-000000000004', cohortId: cohort.id, number: 1, topic: 'What pain is', startsAt: at, minutes: 90 };
const enrolment: Enrolment = {
  clinicId, id: '0190a000-0000-7000-8000-000000000005', programmeId: programme.id, cohortId: cohort.id, planId: '0190a000-0000-7000-8000-000000000006', activityId: '0190a000-0000-7000-8000-000000000007',
  patientId: 'p1', state: 'offered', languages: ['es'], formats: ['online'], passedCohortIds: [], listedAt: at, offeredUntil: at, screeningNote: null, endReason: null, ownerPractitionerId: null,
  ownerName: 'C. Oordinator', nextAction: 'Answer the offer of a place', nextAt: at, createdAt: at, steps: 1, version: 1,
};
const attendance: Attendance = { clinicId, id: '0190a000-0000-7000-8000-000000000008', enrolmentId: enrolment.id, sessionId: session.id, state: 'expected', note: null, version: 1 };

const valid = <T extends Resource>(resource: T): T => {
  validate({ ...resource });
  return resource;
};

describe('the faces of a programme', () => {
  it('is a HealthcareService with the languages and formats of its runs', () => {
    expect(valid(healthcareService(programme, [cohort, cohort]))).toMatchObject({
      active: true,
      communication: [{ coding: [{ code: 'es' }] }],
      characteristic: [{ text: 'online' }],
      serviceProvisionCode: [{ coding: [{ code: 'free' }] }],
    });
    valid(healthcareService({ ...programme, state: 'closed', serviceType: null, description: null }, []));
  });

  it('counts the members of a run and names none, for a hospital knows only its own patients', () => {
    const group = valid(cohortGroup(cohort, programme, 7));
    expect(group).toMatchObject({ type: 'person', actual: true, quantity: 7 });
    expect(JSON.stringify(group)).not.toContain('Patient');
  });
});

describe('the faces of an enrolment', () => {
  it('is a request of the care plan and a Task that never goes backwards', () => {
    const order = ['requested', 'accepted', 'in-progress', 'completed', 'cancelled', 'rejected'];
    const statuses = ENROLMENT_STATES.map((state) => {
      const [request, task] = enrolmentFaces({ ...enrolment, state, offeredUntil: state === 'offered' ? at : null }, programme, at);
      expect(valid(request).basedOn).toEqual([{ reference: `CarePlan/${enrolment.planId}` }]);
      return valid(task).status;
    });
    expect(statuses).toEqual(['requested', 'requested', 'accepted', 'accepted', 'accepted', 'in-progress', 'completed', 'cancelled', 'rejected']);
    expect(statuses.map((status) => order.indexOf(status ?? ''))).toEqual([...statuses.map((status) => order.indexOf(status ?? ''))].sort((a, b) => a - b));
  });

  it('is one Appointment for each person and session', () => {
    const statuses = ATTENDANCE_STATES.map((state) => valid(sessionAppointment({ ...attendance, state }, session, enrolment, programme)));
    expect(statuses.map(({ status }) => status)).toEqual(['booked', 'fulfilled', 'noshow', 'cancelled']);
    expect(statuses[0]).toMatchObject({ end: '2026-11-22T11:30:00.000Z', basedOn: [{ reference: `ServiceRequest/${enrolment.id}` }] });
  });
});
