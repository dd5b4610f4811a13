import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, type AuditAction, type Tx } from '@cairn/platform';
import { Attendance } from './attendance.entity.js';
import { Cohort, CohortSession } from './cohort.entity.js';
import { EnrolmentTransition } from './enrolment-transition.entity.js';
import { Enrolment } from './enrolment.entity.js';
import { HOLDING_STATES, enrolmentMachine, type EnrolmentEvent, type EnrolmentFacts } from './enrolment.workflow.js';
import { Programme } from './programme.entity.js';
import { cohortGroup, enrolmentFaces, sessionAppointment } from './programme.fhir.js';

/** An enrolment with its programme, both locked. */
export interface EnrolmentRows {
  readonly programme: Programme;
  readonly enrolment: Enrolment;
}

/** Loads enrolments and writes them down: rows, log and faces. Decides nothing but what the machine says. */
@Injectable()
export class EnrolmentRecords {
  constructor(private readonly store: FhirStore) {}

  /** The programme, locked: all that is decided about its places is decided one after another. Refuses with `not-found`. */
  async lockProgramme(tx: Tx, id: string): Promise<Programme> {
    const programme = await tx.em.findOne(Programme, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    if (!programme) throw notFound('The programme');
    return programme;
  }

  /** The enrolment with its programme, both locked. Refuses with `not-found`. */
  async lock(tx: Tx, id: string): Promise<EnrolmentRows> {
    const [row] = await tx.query<{ programme_id: string }>({
      name: 'enrolment-programme',
      text: 'select programme_id from enrolment where clinic_id = $1 and id = $2',
      values: [tx.scope.clinicId, id],
    });
    if (!row) throw notFound('The enrolment');
    const programme = await this.lockProgramme(tx, row.programme_id);
    const enrolment = await tx.em.findOneOrFail(Enrolment, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    return { programme, enrolment };
  }

  /** Takes the enrolment through its machine, and into the log. Refuses with the rule that forbids it. */
  transit(tx: Tx, { enrolment }: EnrolmentRows, event: EnrolmentEvent, facts: EnrolmentFacts, why: string | null): void {
    const from = enrolment.state;
    enrolment.state = nextState(enrolmentMachine, from, event, facts);
    this.log(tx, enrolment, event, from, why);
  }

  /** Writes a step into the log. */
  log(tx: Tx, enrolment: Enrolment, event: string, from: string | null, why: string | null): void {
    const { clinicId, actor } = tx.scope;
    enrolment.steps += 1;
    tx.em.create(EnrolmentTransition, {
      clinicId, id: newId(), enrolmentId: enrolment.id, event, fromState: from, toState: enrolment.state, why,
      at: tx.clock.now(), actorKind: actor.kind, actorId: actor.id,
    });
  }

  /** Writes the rows and the faces of the enrolment, and who did it. */
  async save(tx: Tx, { programme, enrolment }: EnrolmentRows, what: string, action: AuditAction = 'update'): Promise<void> {
    await tx.flush();
    for (const face of enrolmentFaces(enrolment, programme, tx.clock.now())) await this.store.put(tx, face);
    await audit(tx, { action, what, entities: [`Task/${enrolment.id}`, `CarePlan/${enrolment.planId}`], patients: [enrolment.patientId] });
  }

  /** Tells the other features, ids only. */
  async tell(tx: Tx, { id, programmeId, patientId }: Enrolment, event: string): Promise<void> {
    await tx.emit(event, { enrolmentId: id, programmeId, patientId });
  }

  /** How many places of the cohort are offered or taken. */
  async taken(tx: Tx, cohortId: string): Promise<number> {
    await tx.flush();
    return tx.em.count(Enrolment, { clinicId: tx.scope.clinicId, cohortId, state: { $in: [...HOLDING_STATES] } });
  }

  /** Writes how many take part in a run. */
  async showCohort(tx: Tx, programme: Programme, cohort: Cohort): Promise<void> {
    await tx.flush();
    const members = await tx.em.count(Enrolment, { clinicId: tx.scope.clinicId, cohortId: cohort.id, state: { $in: ['enrolled', 'attending', 'completed'] } });
    await this.store.put(tx, cohortGroup(cohort, programme, members));
  }

  /** The run of this programme. Refuses with `not-found`. */
  async cohort(tx: Tx, programme: Programme, cohortId: string): Promise<Cohort> {
    const cohort = await tx.em.findOne(Cohort, { clinicId: tx.scope.clinicId, id: cohortId, programmeId: programme.id });
    if (!cohort) throw notFound('The cohort');
    return cohort;
  }

  /** Runs of the programme that have not begun, soonest first. */
  async comingCohorts(tx: Tx, { clinicId, id }: Programme): Promise<Cohort[]> {
    return tx.em.find(Cohort, { clinicId, programmeId: id, startsAt: { $gt: tx.clock.now() } }, { orderBy: { startsAt: 'asc' } });
  }

  /** The sessions of a run, in order. */
  async sessions(tx: Tx, cohortId: string): Promise<CohortSession[]> {
    return tx.em.find(CohortSession, { clinicId: tx.scope.clinicId, cohortId }, { orderBy: { number: 'asc' } });
  }

  /** The enrolment's places at sessions. */
  async attendances(tx: Tx, enrolmentId: string): Promise<Attendance[]> {
    return tx.em.find(Attendance, { clinicId: tx.scope.clinicId, enrolmentId });
  }

  /** Writes the Appointment of one person at one session. */
  async showAttendance(tx: Tx, { programme, enrolment }: EnrolmentRows, attendance: Attendance, session: CohortSession): Promise<void> {
    await tx.flush();
    await this.store.put(tx, sessionAppointment(attendance, session, enrolment, programme));
  }
}
