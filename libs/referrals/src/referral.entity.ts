import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Outcome } from './referral.acts.js';
import { clocks, type Clocks, type Course, type RebookReason } from './referral.course.js';
import type { Dialect } from './referral.dialect.js';
import type { AsksFor } from './referral-wish.js';
import type { Pathway, Urgency } from './referral.settings.js';
import type { Suggestion } from './triage-rules.js';
import type { ReferralState } from './referral.workflow.js';

/** What was decided, while it can be undone and after. `before` is what an undo brings back. */
export interface Decision {
  readonly comment: string;
  readonly reason?: string;
  readonly advice?: string;
  readonly redirectedTo?: string;
  readonly by: string;
  /** What the rules suggested to whoever decided. */
  readonly suggested?: Suggestion;
  readonly before: { readonly urgency: Urgency; readonly pathway: Pathway | null };
}

const ReferralSchema = defineEntity({
  name: 'Referral',
  tableName: 'referral',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    serviceRequestId: p.string(),
    taskId: p.string(),
    connectionId: p.uuid().nullable(),
    dialect: p.string().$type<Dialect>(),
    /** The request was placed by Cairn itself (typed in by a coordinator), so Cairn sets its status too. */
    placedHere: p.boolean(),
    /** Cairn made the Task, because the requester sent none. */
    taskMadeHere: p.boolean(),
    state: p.string().$type<ReferralState>(),
    urgency: p.string().$type<Urgency>(),
    pathway: p.string().$type<Pathway>().nullable(),
    receivedAt: p.datetime(),
    completeAt: p.datetime().nullable(),
    pausedAt: p.datetime().nullable(),
    pausedMs: p.double().$type<number>(),
    decisionDueAt: p.datetime().nullable(),
    acceptedAt: p.datetime().nullable(),
    firstSeenAt: p.datetime().nullable(),
    rebookReason: p.string().$type<RebookReason>().nullable(),
    movedAt: p.datetime(),
    settledAt: p.datetime().nullable(),
    targetAt: p.datetime(),
    decision: p.json().$type<Decision>().nullable(),
    /** Why it is in its state, coded and in words: goes to Task.statusReason. */
    reasonCode: p.string().nullable(),
    reasonText: p.string().nullable(),
    outcome: p.json().$type<Outcome>().nullable(),
    missing: p.array(),
    /** Versions of the rule sets that looked at it last. */
    screenedWith: p.string(),
    openHardStops: p.integer(),
    openConcerns: p.integer(),
    /** Until when a clinician looks at what is open of the weak red flags and hints; null where nothing is. */
    reviewDueAt: p.datetime().nullable(),
    /** When that time ran out and the rota was told. */
    reviewEscalatedAt: p.datetime().nullable(),
    suspectedDuplicates: p.integer(),
    /** How far the wait for information is, and when it goes on: reminded next, then returned or put before a clinician. */
    informationStep: p.string().$type<'asked' | 'reminded' | 'overdue'>().nullable(),
    informationDueAt: p.datetime().nullable(),
    /** What the rules suggested when they last looked, and which. */
    suggestion: p.json().$type<Suggestion>().nullable(),
    /** When a waiting patient is asked next, since when a question waits or waited for its answer, and what that answer was. */
    waitingAskAt: p.datetime().nullable(),
    waitingAskedAt: p.datetime().nullable(),
    waitingAnswer: p.string().$type<'still' | 'worse' | 'not-wanted'>().nullable(),
    /** Since when a message of the referrer waits for an answer. */
    referrerWroteAt: p.datetime().nullable(),
    /** The referrer agrees that a request for advice becomes a referral. */
    conversionAgreed: p.json().$type<{ readonly by: string; readonly how: string; readonly at: string }>().nullable(),
    /** 0 with an open hard stop, 1 with an open concern, 2 otherwise: the worklist's first order. */
    rank: p.smallint(),
    /** Subject and name of the person who has it; without one it belongs to the coordinators' pool. */
    ownerId: p.string().nullable(),
    ownerName: p.string().nullable(),
    nextAction: p.string().nullable(),
    nextActionAt: p.datetime().nullable(),
    /** The team whose referral it is: the pool, unless the clinic's rules or a person say another. */
    teamId: p.uuid(),
    teamChosen: p.boolean(),
    discipline: p.string().nullable(),
    programme: p.string().nullable(),
    /** A person said whom it is for: what the request says no longer counts. */
    routingChosen: p.boolean(),
    asksFor: p.string().$type<AsksFor>(),
    /** When it counts as stale, unless it moves before; null once it is over. */
    staleAt: p.datetime().nullable(),
    /** Since when it stands on top for that reason. */
    staleNotedAt: p.datetime().nullable(),
    /** Files that were attached to it here. */
    attachments: p.integer(),
    appointmentId: p.string().nullable(),
    appointmentAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});

/** A referral: its state, its clocks and who must do what next. The ask itself, and all that is clinical, stands in the FHIR store. */
export class Referral extends ReferralSchema.class {}
ReferralSchema.setClass(Referral);

/** The part of the row that the workflow decides over. */
export const courseOf = (referral: Referral): Course => ({
  state: referral.state,
  receivedAt: referral.receivedAt,
  completeAt: referral.completeAt ?? null,
  pausedAt: referral.pausedAt ?? null,
  pausedMs: referral.pausedMs,
  decisionDueAt: referral.decisionDueAt ?? null,
  acceptedAt: referral.acceptedAt ?? null,
  firstSeenAt: referral.firstSeenAt ?? null,
  rebookReason: referral.rebookReason ?? null,
  movedAt: referral.movedAt,
  settledAt: referral.settledAt ?? null,
});

/** Both clocks of the referral, in days. */
export const clocksOf = (referral: Referral, now: Date): Clocks => clocks(courseOf(referral), now);
