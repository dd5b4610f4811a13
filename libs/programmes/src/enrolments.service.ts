import { Injectable } from '@nestjs/common';
import { conflict, invalid, newId } from '@cairn/kernel';
import { Patients, daysAfter } from '@cairn/people';
import { Plans } from '@cairn/plans';
import { Referrals } from '@cairn/referrals';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { AttendanceRegister } from './attendance-register.service.js';
import { EnrolmentRecords, type EnrolmentRows } from './enrolment-records.service.js';
import { Enrolment } from './enrolment.entity.js';
import { enrolmentMachine } from './enrolment.workflow.js';
import { Places } from './places.service.js';
import rules from './programme-rules.json' with { type: 'json' };
import type { Referring, Screening } from './programme.acts.js';
import { ENROLMENT_ENROLLED, ENROLMENT_NOT_SUITABLE, ENROLMENT_REFERRED, ENROLMENT_SCREENED, ENROLMENT_WAITLISTED, ENROLMENT_WITHDRAWN } from './programmes.events.js';

/** Brings people into programmes and out of them. Every act but the first refuses a stale version, and what the machine forbids. */
@Injectable()
export class Enrolments {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: EnrolmentRecords,
    private readonly places: Places,
    private readonly register: AttendanceRegister,
    private readonly plans: Plans,
    private readonly referrals: Referrals,
    private readonly patients: Patients,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Refers the patient of a care plan to the programme that shall carry out one of the plan's activities. From now on the CarePlan names
   * this request, and the patient's open referrals the programme. Refuses a closed programme, and an activity that is not open or that another request carries out.
   */
  async refer(scope: Scope, programmeId: string, { planId, activityId, languages, formats }: Referring): Promise<string> {
    return this.transactions.run(scope, async (tx) => {
      const programme = await this.records.lockProgramme(tx, programmeId);
      if (programme.state !== 'open') throw conflict('The programme is closed.', { code: 'programme.closed' });
      const { patientId } = await this.plans.activity(tx, planId, activityId);
      const id = newId();
      await this.plans.refer(tx, planId, activityId, `ServiceRequest/${id}`);
      const enrolment = tx.em.create(Enrolment, {
        clinicId: scope.clinicId, id, programmeId, cohortId: null, planId, activityId, patientId,
        state: enrolmentMachine.initial,
        languages: [...(languages ?? (await this.#languages(tx, patientId)))],
        formats: [...formats],
        passedCohortIds: [], listedAt: null, offeredUntil: null, screeningNote: null, endReason: null,
        ownerPractitionerId: programme.ownerPractitionerId, ownerName: programme.ownerName,
        nextAction: 'Screen for suitability', nextAt: await this.#in(tx, rules.screenWithinDays),
        createdAt: tx.clock.now(), steps: 0, version: 1,
      });
      await this.referrals.inProgramme(tx, patientId, programme.title.slice(0, 100));
      this.records.log(tx, enrolment, 'refer', null, null);
      await this.records.save(tx, { programme, enrolment }, 'enrolment.refer', 'create');
      await this.records.tell(tx, enrolment, ENROLMENT_REFERRED);
      return id;
    });
  }

  /** Writes down whether the programme suits the person. Where it does not, the activity goes back to its plan. */
  async screen(scope: Scope, id: string, { suitable, note }: Screening, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, async (tx, rows) => {
      const { enrolment } = rows;
      this.records.transit(tx, rows, suitable ? 'screen' : 'find-unsuitable', {}, note);
      enrolment.screeningNote = note;
      if (suitable) Object.assign(enrolment, { nextAction: 'Offer a place, or put on the waiting list', nextAt: await this.#in(tx, rules.placeWithinDays) });
      else await this.#end(tx, rows, note);
      await this.records.save(tx, rows, 'enrolment.screen');
      await this.records.tell(tx, enrolment, suitable ? ENROLMENT_SCREENED : ENROLMENT_NOT_SUITABLE);
    });
  }

  /** Puts the person on the waiting list; a place that is free and fits is offered at once. */
  async waitlist(scope: Scope, id: string, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, async (tx, rows) => {
      this.records.transit(tx, rows, 'waitlist', {}, null);
      await this.#list(tx, rows);
      for (const cohort of await this.records.comingCohorts(tx, rows.programme)) await this.places.fill(tx, rows.programme, cohort);
    });
  }

  /** Offers the person a place in this run. */
  async offer(scope: Scope, id: string, cohortId: string, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, async (tx, rows) => {
      await this.places.offer(tx, rows, await this.records.cohort(tx, rows.programme, cohortId));
    });
  }

  /** The person does not take the offered place: they keep theirs on the list, and the place goes to the next. */
  async decline(scope: Scope, id: string, reason: string, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, (tx, rows) => this.passOn(tx, rows, 'decline', reason));
  }

  /** Takes back an offer that was declined or that nobody answered in time, and offers the place to the next. */
  async passOn(tx: Tx, rows: EnrolmentRows, event: 'decline' | 'lapse', why: string): Promise<void> {
    const { enrolment, programme } = rows;
    const { cohortId } = enrolment;
    this.records.transit(tx, rows, event, { offerOver: enrolment.offeredUntil !== null && tx.clock.now() >= enrolment.offeredUntil }, why);
    Object.assign(enrolment, { cohortId: null, offeredUntil: null, passedCohortIds: [...enrolment.passedCohortIds, ...(cohortId ? [cohortId] : [])] });
    await this.#list(tx, rows);
    if (cohortId) await this.places.fill(tx, programme, await this.records.cohort(tx, programme, cohortId));
  }

  /** The person takes the place: each session to come is theirs. */
  async enrol(scope: Scope, id: string, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, async (tx, rows) => {
      const { enrolment, programme } = rows;
      this.records.transit(tx, rows, 'enrol', { offerOver: enrolment.offeredUntil !== null && tx.clock.now() >= enrolment.offeredUntil }, null);
      enrolment.offeredUntil = null;
      Object.assign(enrolment, { nextAction: 'Attend the next session', nextAt: await this.register.expect(tx, rows) });
      await this.records.save(tx, rows, 'enrolment.enrol');
      if (enrolment.cohortId) await this.records.showCohort(tx, programme, await this.records.cohort(tx, programme, enrolment.cohortId));
      await this.plans.follow(tx, enrolment.planId, enrolment.activityId, 'schedule', `Enrolled in ${programme.title}`);
      await this.records.tell(tx, enrolment, ENROLMENT_ENROLLED);
    });
  }

  /** Ends it before its time, and frees the place for the next. */
  async withdraw(scope: Scope, id: string, reason: string, readVersion: number | undefined): Promise<void> {
    await this.#act(scope, id, readVersion, (tx, rows) => this.leave(tx, rows, reason));
  }

  /** The same inside a transaction, for what ends an enrolment by rule. */
  async leave(tx: Tx, rows: EnrolmentRows, reason: string): Promise<void> {
    const { enrolment, programme } = rows;
    const { cohortId } = enrolment;
    this.records.transit(tx, rows, 'withdraw', {}, reason);
    await this.#end(tx, rows, reason);
    await this.register.release(tx, rows);
    await this.records.save(tx, rows, 'enrolment.withdraw');
    await this.records.tell(tx, enrolment, ENROLMENT_WITHDRAWN);
    if (!cohortId) return;
    const cohort = await this.records.cohort(tx, programme, cohortId);
    await this.records.showCohort(tx, programme, cohort);
    await this.places.fill(tx, programme, cohort);
  }

  async #list(tx: Tx, rows: EnrolmentRows): Promise<void> {
    const { enrolment } = rows;
    enrolment.listedAt ??= tx.clock.now();
    Object.assign(enrolment, { nextAction: 'Ask whether the place is still wanted', nextAt: await this.#in(tx, rules.askOnListEveryDays) });
    await this.records.save(tx, rows, 'enrolment.waitlist');
    await this.records.tell(tx, enrolment, ENROLMENT_WAITLISTED);
  }

  /** Nothing remains to be done, and the plan's activity is its own again. */
  async #end(tx: Tx, { enrolment }: EnrolmentRows, reason: string): Promise<void> {
    Object.assign(enrolment, { nextAction: null, nextAt: null, offeredUntil: null, endReason: reason });
    await this.plans.refer(tx, enrolment.planId, enrolment.activityId, null);
  }

  async #languages(tx: Tx, patientId: string): Promise<string[]> {
    const { language } = await this.patients.require(tx, patientId);
    if (language) return [language];
    const message = 'must be given: the record does not say which language the patient speaks';
    throw invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path: 'languages', message }] });
  }

  async #in(tx: Tx, days: number): Promise<Date> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    return daysAfter(tx.clock.now(), days, zone);
  }

  async #act(scope: Scope, id: string, readVersion: number | undefined, act: (tx: Tx, rows: EnrolmentRows) => Promise<void>): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, id);
      expectVersion(readVersion, rows.enrolment.version);
      await act(tx, rows);
    });
  }
}
