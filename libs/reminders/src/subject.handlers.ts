import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { ASSESSMENT_COMPLETED, ASSESSMENT_EXPIRED, ASSESSMENT_REMINDED, ASSESSMENT_REQUESTED } from '../../outcomes/src/outcomes.events.js';
import { REVIEW_CANCELLED, REVIEW_DONE, REVIEW_MOVED, REVIEW_SET } from '../../plans/src/plan.events.js';
import * as referral from '../../referrals/src/referral.events.js';
import type { Notice } from './reminder-kinds.js';
import { ReminderPlanner } from './reminder-planner.service.js';

const idOf = ({ event, ids }: OutboxEvent, name: string): string => {
  const id = ids[name];
  if (!id) throw new Error(`The event ${event} lacks ${name}.`);
  return id;
};

/** Keeps reminders in step with the reviews of care plans. */
@Injectable()
export class ReviewFollower implements EventHandler {
  readonly name = 'reminders-of-reviews';
  readonly events = [REVIEW_SET, REVIEW_MOVED, REVIEW_DONE, REVIEW_CANCELLED];

  constructor(private readonly planner: ReminderPlanner) {}

  async handle(tx: Tx, event: OutboxEvent): Promise<void> {
    const subject = { about: 'plan-review' as const, subjectId: idOf(event, 'reviewId'), patientId: idOf(event, 'patientId') };
    if (event.event === REVIEW_CANCELLED) await this.planner.callOff(tx, subject, 'event-cancelled');
    else if (event.event === REVIEW_DONE) await this.planner.conclude(tx, subject, 'event-done');
    else await this.planner.plan(tx, subject);
  }
}

/** Keeps reminders in step with questionnaires that patients are asked to answer at home. */
@Injectable()
export class AssessmentFollower implements EventHandler {
  readonly name = 'reminders-of-assessments';
  readonly events = [ASSESSMENT_REQUESTED, ASSESSMENT_REMINDED, ASSESSMENT_COMPLETED, ASSESSMENT_EXPIRED];

  constructor(private readonly planner: ReminderPlanner) {}

  async handle(tx: Tx, event: OutboxEvent): Promise<void> {
    const of = { subjectId: idOf(event, 'assessmentId'), patientId: idOf(event, 'patientId') };
    if (event.event === ASSESSMENT_REQUESTED) await this.planner.plan(tx, { about: 'assessment', ...of });
    else if (event.event === ASSESSMENT_REMINDED) {
      await this.planner.conclude(tx, of, 'superseded');
      await this.planner.plan(tx, { about: 'assessment-again', ...of });
    } else await this.planner.conclude(tx, of, event.event === ASSESSMENT_COMPLETED ? 'event-done' : 'event-over');
  }
}

/** What the patient is told when it happens to the referral. */
const NOTICE_OF: Readonly<Record<string, Notice>> = {
  [referral.REFERRAL_RECEIVED]: 'referral-received',
  [referral.REFERRAL_ACCEPTED]: 'referral-accepted',
  [referral.REFERRAL_WAITLISTED]: 'referral-waiting',
  [referral.WAITING_ASKED]: 'referral-still-wanted',
  [referral.REFERRAL_BOOKED]: 'referral-booked',
  [referral.REFERRAL_DECLINED]: 'referral-declined',
  [referral.REFERRAL_REDIRECTED]: 'referral-redirected',
};

/** Events after which nothing more is to be told. */
const ENDINGS: readonly string[] = [referral.REFERRAL_WITHDRAWN, referral.REFERRAL_ENTERED_IN_ERROR];

/** Tells the patient what becomes of a referral: that it arrived, what happens next, that they wait, what to do instead. */
@Injectable()
export class ReferralFollower implements EventHandler {
  readonly name = 'notices-of-referrals';
  readonly events = [...Object.keys(NOTICE_OF), ...ENDINGS];

  constructor(
    private readonly planner: ReminderPlanner,
    private readonly store: FhirStore,
  ) {}

  async handle(tx: Tx, event: OutboxEvent): Promise<void> {
    const subject = { subjectId: idOf(event, 'taskId'), patientId: idOf(event, 'patientId') };
    const notice = NOTICE_OF[event.event];
    if (!notice) return this.planner.callOff(tx, subject, 'event-cancelled');
    if (event.event !== referral.REFERRAL_BOOKED) return this.planner.announce(tx, subject, notice);
    const visit = await this.store.find(tx, 'Appointment', idOf(event, 'appointmentId'));
    if (visit?.status === 'booked' && visit.start) await this.planner.announce(tx, subject, notice, new Date(visit.start));
  }
}
