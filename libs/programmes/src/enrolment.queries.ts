import { Injectable } from '@nestjs/common';
import { availableEvents, notFound } from '@cairn/kernel';
import { Transactions, audit, may, type Scope, type Tx } from '@cairn/platform';
import { Attendance } from './attendance.entity.js';
import { EnrolmentTransition } from './enrolment-transition.entity.js';
import { Enrolment } from './enrolment.entity.js';
import { enrolmentMachine, type EnrolmentEvent } from './enrolment.workflow.js';
import type { EnrolmentListing, Page } from './programme.acts.js';
import { Programme } from './programme.entity.js';

/** The acts of the machine, as resources of an enrolment. */
const ACTS: Partial<Record<EnrolmentEvent, string>> = {
  screen: 'screening', waitlist: 'waitlisting', offer: 'offer', decline: 'refusal', enrol: 'acceptance', attend: 'attendances', complete: 'completion', withdraw: 'withdrawal',
};

/** An enrolment in a list. */
export type EnrolmentSummary = ReturnType<typeof summaryOf>;

const summaryOf = (scope: Scope, row: Enrolment, now: Date) => {
  const { id, programmeId, cohortId, planId, activityId, patientId, state, languages, formats, listedAt, offeredUntil, screeningNote, endReason, ownerPractitionerId, ownerName, nextAction, nextAt, version } = row;
  const facts = { freePlaces: 1, fits: true, first: true, offerOver: offeredUntil !== null && offeredUntil <= now, attended: 1, needed: 1 };
  return {
    id, programmeId, cohortId, planId, activityId, patientId, state, languages, formats, listedAt, offeredUntil, screeningNote, endReason,
    owner: { practitionerId: ownerPractitionerId, name: ownerName },
    nextAction, nextAt, version,
    availableActions: may(scope.actor, 'programme.write') ? availableEvents(enrolmentMachine, state, facts).flatMap((event) => ACTS[event] ?? []) : [],
  };
};

/** An enrolment with its sessions and its log. */
export type EnrolmentView = EnrolmentSummary & {
  readonly attendances: readonly Pick<Attendance, 'id' | 'sessionId' | 'state' | 'note'>[];
  readonly history: readonly Pick<EnrolmentTransition, 'event' | 'fromState' | 'toState' | 'why' | 'at' | 'actorId'>[];
};

/** Reads enrolments. Every look is audited. */
@Injectable()
export class EnrolmentQueries {
  constructor(private readonly transactions: Transactions) {}

  /** The enrolments of a programme, oldest first. Refuses with `not-found`. */
  async list(scope: Scope, programmeId: string, { state, after, limit }: EnrolmentListing): Promise<Page<EnrolmentSummary>> {
    return this.transactions.run(scope, async (tx) => {
      if ((await tx.em.count(Programme, { clinicId: scope.clinicId, id: programmeId })) === 0) throw notFound('The programme');
      const rows = await tx.em.find(
        Enrolment,
        { clinicId: scope.clinicId, programmeId, ...(state ? { state } : {}), ...(after ? { id: { $gt: after } } : {}) },
        { orderBy: { id: 'asc' }, limit: limit + 1 },
      );
      const kept = rows.slice(0, limit);
      const last = rows.length > limit ? kept.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'enrolment.list', patients: [...new Set(kept.map(({ patientId }) => patientId))] });
      return { items: kept.map((row) => summaryOf(scope, row, tx.clock.now())), ...(last ? { next: last.id } : {}) };
    });
  }

  /** The enrolment with what this actor may do now. Refuses with `not-found`. */
  async view(scope: Scope, id: string): Promise<EnrolmentView> {
    return this.transactions.run(scope, async (tx) => {
      const row = await tx.em.findOne(Enrolment, { clinicId: scope.clinicId, id });
      if (!row) throw notFound('The enrolment');
      await audit(tx, { action: 'read', what: 'enrolment.read', entities: [`Task/${id}`], patients: [row.patientId] });
      return { ...summaryOf(scope, row, tx.clock.now()), ...(await this.#details(tx, id)) };
    });
  }

  async #details(tx: Tx, enrolmentId: string): Promise<Pick<EnrolmentView, 'attendances' | 'history'>> {
    const { clinicId } = tx.scope;
    const attendances = await tx.em.find(Attendance, { clinicId, enrolmentId }, { orderBy: { id: 'asc' } });
    const history = await tx.em.find(EnrolmentTransition, { clinicId, enrolmentId }, { orderBy: { id: 'asc' } });
    return {
      attendances: attendances.map(({ id, sessionId, state, note }) => ({ id, sessionId, state, note })),
      history: history.map(({ event, fromState, toState, why, at, actorId }) => ({ event, fromState, toState, why, at, actorId })),
    };
  }
}
