import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { conflict, newId, notFound } from '@cairn/kernel';
import { atWallTime, localDay } from '@cairn/people';
import { Clinics, audit, type EventIds, type Tx } from '@cairn/platform';
import { advance, targetDate } from './referral.course.js';
import { situationOf } from './referral-circumstances.js';
import type { FlagLevel } from './red-flag-rules.js';
import type { Face } from './referral.dialect.js';
import { Referral, courseOf } from './referral.entity.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralTransition } from './referral-transition.entity.js';
import * as events from './referral.events.js';
import { nextStep, referralSettings, staleDays, type NextStep, type ReferralSettings } from './referral.settings.js';
import type { ReferralEvent, ReferralState } from './referral.workflow.js';
import { demandUnclaimed } from './worklist/referral-claim.js';
import { ReferralFacets } from './worklist/referral-facets.service.js';

const DAY_MS = 86_400_000;

/** What goes with a move: a reason, and the changes that happen with it. */
export interface Move {
  /** Cairn does it by rule, or the clinic writes down what the referrer did; otherwise the actor's own part. */
  readonly as?: 'cairn' | 'requester';
  /** Why, coded and in words, as the Task tells it. */
  readonly reason?: { readonly code: string; readonly text: string } | undefined;
  /** Kept in the log only. */
  readonly comment?: string | undefined;
  /** How long a decision can be undone; for decisions only. */
  readonly undoWindowMs?: number;
  /** The face of the Task before an outside system changed it. */
  readonly taskWas?: Face;
  /** Changes that belong to the move, made once it is allowed. */
  readonly change?: (referral: Referral) => void;
}

const NEWS: Partial<Record<ReferralState, string>> = {
  'information-requested': events.INFORMATION_REQUESTED,
  accepted: events.REFERRAL_ACCEPTED,
  declined: events.REFERRAL_DECLINED,
  redirected: events.REFERRAL_REDIRECTED,
  waitlisted: events.REFERRAL_WAITLISTED,
  booked: events.REFERRAL_BOOKED,
  'to-rebook': events.REFERRAL_TO_REBOOK,
  'in-care': events.REFERRAL_IN_CARE,
  'cancellation-requested': events.CANCELLATION_REQUESTED,
  withdrawn: events.REFERRAL_WITHDRAWN,
  closed: events.REFERRAL_CLOSED,
  'closed-not-seen': events.REFERRAL_CLOSED_NOT_SEEN,
  'entered-in-error': events.REFERRAL_ENTERED_IN_ERROR,
};

/** Decisions are news when they take effect, not when they are made. */
const SILENT: readonly ReferralEvent[] = ['accept', 'decline', 'redirect', 'correct', 'confirm-redirection'];

/** The one way in which a referral changes its state: decided by the workflow, then row, log, FHIR faces, audit and news together. */
@Injectable()
export class ReferralMoves {
  constructor(
    private readonly clinics: Clinics,
    private readonly projection: ReferralProjection,
    private readonly facets: ReferralFacets,
  ) {}

  /** The clinic's rules. */
  async settings(tx: Tx): Promise<ReferralSettings> {
    return referralSettings(await this.clinics.get(tx.scope.clinicId));
  }

  /**
   * The referral, locked until the transaction ends. Refuses with `not-found`, and with 412 when `version` is given and is not the present one.
   */
  async lock(tx: Tx, id: string, version?: number): Promise<Referral> {
    const referral = await tx.em.findOne(Referral, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!referral) throw notFound('The referral');
    if (version !== undefined && version !== referral.version) {
      throw conflict('Somebody changed this referral since you read it. Read it again and decide anew.', { status: 412, code: 'stale-version' });
    }
    return referral;
  }

  /** Makes the move, or refuses with a conflict that names the rule. */
  async move(tx: Tx, referral: Referral, event: ReferralEvent, move: Move = {}): Promise<void> {
    if (!move.as) await demandUnclaimed(tx, referral);
    const settings = await this.settings(tx);
    const now = tx.clock.now();
    const from = referral.state;
    const course = advance(courseOf(referral), event, situationOf(tx.scope.actor, referral, move.as), now, move.undoWindowMs ?? 0);
    Object.assign(referral, course);
    if (event !== 'take-effect') {
      referral.reasonCode = move.reason?.code ?? null;
      referral.reasonText = move.reason?.text ?? null;
    }
    move.change?.(referral);
    arrange(referral, settings, now);
    tx.em.persist(transition(tx, referral, event, from, now, move));
    await this.projection.show(tx, referral, settings, move.taskWas);
    if (move.comment) await this.facets.note(tx, referral.id, move.comment);
    await audit(tx, { action: 'update', what: `referral.${event}`, entities: [`Task/${referral.taskId}`], patients: [referral.patientId], ...(move.comment ? { purpose: move.comment } : {}) });
    const news = event === 'close-duplicate' ? events.REFERRAL_CLOSED_AS_DUPLICATE : NEWS[referral.state];
    if (news && !SILENT.includes(event) && (event === 'take-effect' || referral.state !== from)) await tx.emit(news, idsOf(referral));
    await tx.flush();
  }
}

/** What news of a referral is about. */
export const idsOf = ({ id, patientId, taskId, appointmentId }: Referral): EventIds => ({ referralId: id, patientId, taskId, ...(appointmentId ? { appointmentId } : {}) });

/** Sets what follows from the rest of the row: the target date, the place on the worklist, the next action and its date, and when it counts as stale. */
export function arrange(referral: Referral, settings: ReferralSettings, now: Date): void {
  waitForInformation(referral, settings, now);
  if (referral.state !== 'waitlisted') Object.assign(referral, { waitingAskAt: null, waitingAskedAt: null, ...(referral.state === 'in-triage' ? {} : { waitingAnswer: null }) });
  else referral.waitingAskAt ??= new Date(now.getTime() + settings.stillWantedDays * DAY_MS);
  if (referral.settledAt) referral.referrerWroteAt = null;
  const openFlag = referral.openHardStops > 0 ? 'hard-stop' : referral.openConcerns > 0 ? 'concern' : undefined;
  referral.rank = openFlag === 'hard-stop' ? 0 : openFlag === 'concern' ? 1 : 2;
  referral.targetAt = targetDate(courseOf(referral), settings.targetDays[referral.urgency]);
  if (referral.openConcerns === 0) Object.assign(referral, { reviewDueAt: null, reviewEscalatedAt: null });
  else referral.reviewDueAt ??= reviewTime(now, settings);
  const step = !referral.settledAt ? nextStep(settings, referral, openFlag) : undefined;
  referral.staleAt = step ? new Date(referral.movedAt.getTime() + staleDays(settings, referral.state) * DAY_MS) : null;
  if (!referral.staleAt || referral.staleAt > now) referral.staleNotedAt = null;
  const next = step && nextOf(referral, settings, step, openFlag, now);
  referral.nextAction = next?.action ?? null;
  // What is stale comes back on top: nothing is due earlier than what has been waiting since it came.
  referral.nextActionAt = next ? (referral.staleNotedAt ? referral.receivedAt : next.at) : null;
}

/** The next action and its date: red flags first, then what the patient or the referrer said, then what the state asks for. */
function nextOf(referral: Referral, settings: ReferralSettings, step: NextStep, openFlag: FlagLevel | undefined, now: Date): { readonly action: string; readonly at: Date } {
  if (openFlag === 'concern') return { action: step.action, at: referral.reviewDueAt ?? now };
  if (!openFlag && referral.waitingAnswer === 'not-wanted') return { action: 'confirm-not-wanted', at: now };
  if (!openFlag && referral.referrerWroteAt) return { action: 'answer-referrer', at: new Date(referral.referrerWroteAt.getTime() + settings.answerReferrerDays * DAY_MS) };
  if (!openFlag && referral.waitingAskedAt && !referral.waitingAnswer) {
    return { action: 'hear-from-patient', at: new Date(referral.waitingAskedAt.getTime() + settings.hearFromPatientDays * DAY_MS) };
  }
  if (!openFlag && referral.informationStep) {
    return { action: referral.informationStep === 'overdue' ? 'decide-without-information' : step.action, at: referral.informationDueAt ?? now };
  }
  return { action: step.action, at: stepDate(referral, step.action, step.days, now) };
}

/** The dates of the wait for information: from the question to the reminder, from there to its end. Over when the referral moves on. */
function waitForInformation(referral: Referral, { incomplete }: ReferralSettings, now: Date): void {
  if (referral.state !== 'information-requested') {
    Object.assign(referral, { informationStep: null, informationDueAt: null });
    return;
  }
  referral.informationStep ??= 'asked';
  const since = (referral.pausedAt ?? now).getTime();
  if (referral.informationStep !== 'overdue') {
    referral.informationDueAt ??= new Date(since + (referral.informationStep === 'asked' ? incomplete.remindAfterDays : incomplete.afterDays) * DAY_MS);
  }
}

/** The same day on the clinic's clock: by the usual hour, or by the day's end when that hour has passed. */
function reviewTime(now: Date, { reviewBy, zone }: ReferralSettings): Date {
  const usual = atWallTime(localDay(now, zone), reviewBy, zone);
  return usual > now ? usual : atWallTime(localDay(now, zone), '23:59', zone);
}

/** A visit's outcome is awaited from its time on; all else from the last movement. */
const stepDate = (referral: Referral, action: string, days: number, now: Date): Date =>
  new Date((action === 'record-attendance' ? (referral.appointmentAt ?? now) : now).getTime() + days * DAY_MS);

/** One line of the log. */
export function transition(tx: Tx, referral: Referral, event: ReferralTransition['event'], from: ReferralState | null, at: Date, { reason, comment }: Pick<Move, 'reason' | 'comment'> = {}): ReferralTransition {
  const { actor } = tx.scope;
  return tx.em.create(ReferralTransition, {
    clinicId: referral.clinicId,
    id: newId(),
    referralId: referral.id,
    event,
    fromState: from,
    toState: referral.state,
    happenedAt: at,
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: 'name' in actor ? actor.name : null,
    reasonCode: reason?.code ?? null,
    comment: comment ?? reason?.text ?? null,
  });
}
