import { Injectable } from '@nestjs/common';
import { conflict, newId, notFound } from '@cairn/kernel';
import { daysAfter } from '@cairn/people';
import { PLAN_FACTS_CHANGED, Plans } from '@cairn/plans';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { Attendance } from './attendance.entity.js';
import { EnrolmentRecords, type EnrolmentRows } from './enrolment-records.service.js';
import rules from './programme-rules.json' with { type: 'json' };
import type { AttendanceNote } from './programme.acts.js';
import { ENROLMENT_ATTENDING, ENROLMENT_COMPLETED } from './programmes.events.js';

/** Who is expected at which session, who came, and who is done. */
@Injectable()
export class AttendanceRegister {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: EnrolmentRecords,
    private readonly plans: Plans,
    private readonly clinics: Clinics,
  ) {}

  /** Expects the person at every session of their run that is to come. Returns when the first one begins. */
  async expect(tx: Tx, rows: EnrolmentRows): Promise<Date> {
    const { clinicId, id: enrolmentId, cohortId } = rows.enrolment;
    const now = tx.clock.now();
    const coming = (cohortId ? await this.records.sessions(tx, cohortId) : []).filter(({ startsAt }) => startsAt > now);
    const [first] = coming;
    if (!first) throw conflict('The run is over: it has no session to come.', { code: 'cohort.over' });
    for (const session of coming) {
      const attendance = tx.em.create(Attendance, { clinicId, id: newId(), enrolmentId, sessionId: session.id, state: 'expected', note: null, version: 1 });
      await this.records.showAttendance(tx, rows, attendance, session);
    }
    return first.startsAt;
  }

  /** Calls the sessions off at which the person is still expected. */
  async release(tx: Tx, rows: EnrolmentRows): Promise<void> {
    const sessions = new Map((rows.enrolment.cohortId ? await this.records.sessions(tx, rows.enrolment.cohortId) : []).map((session) => [session.id, session]));
    for (const attendance of await this.records.attendances(tx, rows.enrolment.id)) {
      const session = sessions.get(attendance.sessionId);
      if (attendance.state !== 'expected' || !session) continue;
      attendance.state = 'excused';
      await this.records.showAttendance(tx, rows, attendance, session);
    }
  }

  /**
   * Writes down whether the person came to a session. The first one attended makes them attend; a missed one counts for their care plan's
   * review. What was written may be corrected while the enrolment is open. Refuses sessions to come, other than called off beforehand.
   */
  async note(scope: Scope, id: string, { sessionId, state, note }: AttendanceNote, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, id);
      const { enrolment, programme } = rows;
      expectVersion(readVersion, enrolment.version);
      if (enrolment.state !== 'enrolled' && enrolment.state !== 'attending') throw conflict('Attendance is recorded for those who take part.', { code: 'enrolment.not-taking-part' });
      const sessions = enrolment.cohortId ? await this.records.sessions(tx, enrolment.cohortId) : [];
      const attendances = await this.records.attendances(tx, id);
      const session = sessions.find((candidate) => candidate.id === sessionId);
      const attendance = attendances.find((candidate) => candidate.sessionId === sessionId);
      if (!session || !attendance) throw notFound('The session of this person');
      if (state !== 'excused' && session.startsAt > tx.clock.now()) throw conflict('The session is still to come.', { code: 'session.to-come' });
      Object.assign(attendance, { state, note });
      const began = state === 'attended' && enrolment.state === 'enrolled';
      if (state === 'attended') this.records.transit(tx, rows, 'attend', {}, note);
      else this.records.log(tx, enrolment, state === 'missed' ? 'miss' : 'excuse', enrolment.state, note);
      const next = sessions.find((candidate) => attendances.some((other) => other.sessionId === candidate.id && other.state === 'expected'));
      const { zone } = await this.clinics.get(scope.clinicId);
      Object.assign(enrolment, next ? { nextAction: 'Attend the next session', nextAt: next.startsAt } : { nextAction: 'Complete the programme, or arrange a session to make up', nextAt: daysAfter(tx.clock.now(), rules.confirmCompletionDays, zone) });
      await this.records.showAttendance(tx, rows, attendance, session);
      await this.records.save(tx, rows, 'enrolment.attendance');
      if (began) {
        await this.plans.follow(tx, enrolment.planId, enrolment.activityId, 'start', `Attends ${programme.title}`);
        await this.records.tell(tx, enrolment, ENROLMENT_ATTENDING);
      }
      if (state === 'missed') await tx.emit(PLAN_FACTS_CHANGED, { patientId: enrolment.patientId });
    });
  }

  /** Completes the programme for the person, and the plan's activity with it. Refuses while too few sessions were attended. */
  async complete(scope: Scope, id: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, id);
      const { enrolment, programme } = rows;
      expectVersion(readVersion, enrolment.version);
      const attended = (await this.records.attendances(tx, id)).filter(({ state }) => state === 'attended').length;
      this.records.transit(tx, rows, 'complete', { attended, needed: programme.sessionsNeeded }, null);
      Object.assign(enrolment, { nextAction: null, nextAt: null });
      await this.release(tx, rows);
      await this.records.save(tx, rows, 'enrolment.complete');
      await this.plans.follow(tx, enrolment.planId, enrolment.activityId, 'complete', `Completed ${programme.title}: ${attended} sessions`);
      await this.records.tell(tx, enrolment, ENROLMENT_COMPLETED);
    });
  }
}
