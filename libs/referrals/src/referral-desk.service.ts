import { Inject, Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { SafetyCover, type CoverNow } from '@cairn/outcomes';
import { organizationId } from '@cairn/people';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import type { ServiceRequest } from '@medplum/fhirtypes';
import { outlookOf } from './actions/referral-outlook.js';
import { ReferralRoutes } from './actions/referral-routes.service.js';
import { offer, type AvailableAction, type BlockedAction } from './actions/referral.actions.js';
import { MINIMUM_DATA_SET } from './minimum-data-set.js';
import { RED_FLAGS } from './red-flag-rules.js';
import type { Ground } from './red-flags.js';
import type { Outcome } from './referral.acts.js';
import { Referral, type Decision } from './referral.entity.js';
import type { Likeness, ReferralDuplicate } from './referral-duplicate.entity.js';
import { ReferralDuplicates } from './referral-duplicates.service.js';
import { ReferralFlag, isOpen } from './referral-flag.entity.js';
import { ReferralLists, type Page, type WorklistItem } from './referral.queries.js';
import { ReferralAdvice, type Message } from './referral-advice.service.js';
import { waitingPlace, type WaitingPlace } from './waiting-list.queries.js';
import type { Suggestion } from './triage-rules.js';
import { ReferralTransition } from './referral-transition.entity.js';
import type { WorklistQuery } from './worklist/worklist.js';

/** A red flag as people see it: what is not known is said to be so. */
interface FlagLine {
  readonly flag: string;
  readonly label: string;
  readonly level: string;
  readonly state: 'found' | 'denied' | 'not-known';
  readonly action: string;
  /** References of what tells it, as far as this user may read that. */
  readonly evidence: readonly string[];
  /** How much more tells it that this user may not read, or that was deleted since. The flag itself is shown to everybody who may act on it. */
  readonly evidenceWithheld: number;
  /** What each piece of evidence says, the source of the rule that reads it so, and whether that is confirmed. */
  readonly grounds: readonly Ground[];
  /** Free text makes one think of it. That finds nothing: somebody must read. */
  readonly hint: boolean;
  readonly toldBy: string | null;
  readonly verified: boolean | null;
  readonly notedAt: Date | null;
  readonly acknowledged: { readonly by: string; readonly at: Date; readonly actionTaken: string | null } | null;
}

/** Another referral that may be the same, why, and what a person said of it. */
interface DuplicateLine {
  readonly id: string;
  readonly because: readonly Likeness[];
  readonly state: string;
  /** Which of the two was ended, once a person said that they are one. */
  readonly ended: 'this' | 'other' | null;
  readonly decidedBy: string | null;
  readonly comment: string | null;
}

/** One move in the log. */
interface HistoryLine {
  readonly event: string;
  readonly from: string | null;
  readonly to: string;
  readonly at: Date;
  readonly by: string;
  readonly reason: string | null;
  readonly comment: string | null;
}

/** One referral with all that a decision needs. */
export interface ReferralDetail extends Omit<WorklistItem, 'missing' | 'availableActions'> {
  readonly serviceRequestId: string;
  readonly taskId: string;
  readonly request: { readonly reasons: readonly string[]; readonly requester: string | null };
  readonly missing: readonly { readonly id: string; readonly label: string }[];
  readonly flags: readonly FlagLine[];
  /** While a flag is open: whether somebody on the rota reads now, and whom to call otherwise. */
  readonly safetyCover: CoverNow | null;
  /** Versions of the rule sets behind `missing` and `flags`. */
  readonly screenedWith: string;
  readonly decision: (Omit<Decision, 'before'> & { readonly undoableUntil: Date | null }) | null;
  readonly reason: { readonly code: string; readonly text: string } | null;
  readonly appointment: { readonly id: string; readonly start: Date } | null;
  readonly outcome: Outcome | null;
  readonly history: readonly HistoryLine[];
  /** The patient's other referrals that are not over: shown, never merged. */
  readonly otherReferrals: readonly { readonly id: string; readonly state: string; readonly receivedAt: Date }[];
  /** What the rules in force suggest, and which rule; null while a hard stop is open. A person decides. */
  readonly suggestion: Suggestion | null;
  /** Where the patient stands on the waiting list, and what they said last; null where they do not wait. */
  readonly waiting: (WaitingPlace & { readonly askedAt: Date | null; readonly answer: string | null; readonly askNextAt: Date | null }) | null;
  /** What was said between the clinic and the referrer, the oldest first. */
  readonly conversation: readonly Message[];
  readonly conversionAgreed: { readonly by: string; readonly how: string; readonly at: string } | null;
  /** Referrals that are or may be the same, whoever sent them. */
  readonly duplicates: readonly DuplicateLine[];
  readonly availableActions: readonly AvailableAction[];
  /** What this user could do but for a reason that they or a colleague can mend. */
  readonly blockedActions: readonly BlockedAction[];
}

/** The worklist and the single referral, as the clinic's people look at them. Every look is audited. */
@Injectable()
export class ReferralDesk {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly lists: ReferralLists,
    private readonly cover: SafetyCover,
    private readonly duplicates: ReferralDuplicates,
    private readonly advice: ReferralAdvice,
    private readonly routes: ReferralRoutes,
  ) {}

  async list(scope: Scope, query: WorklistQuery): Promise<Page<WorklistItem>> {
    return this.transactions.run(scope, (tx) => this.lists.page(tx, query));
  }

  /** One referral. Refuses with `not-found` where there is none. */
  async read(scope: Scope, id: string): Promise<ReferralDetail> {
    return this.transactions.run(scope, async (tx) => {
      const { clinicId } = scope;
      const referral = await tx.em.findOne(Referral, { clinicId, id });
      if (!referral) throw notFound('The referral');
      await audit(tx, { action: 'read', what: 'referral.read', entities: [`Task/${referral.taskId}`], patients: [referral.patientId] });
      return this.#detail(tx, referral);
    });
  }

  async #detail(tx: Tx, referral: Referral): Promise<ReferralDetail> {
    const { clinicId, id, patientId } = referral;
    const now = tx.clock.now();
    const [item] = await this.lists.items(tx, [id]);
    if (!item) throw new Error('A referral that was just read is not there.');
    const flags = await tx.em.find(ReferralFlag, { clinicId, referralId: id });
    const history = await tx.em.find(ReferralTransition, { clinicId, referralId: id }, { orderBy: { id: 'asc' }, limit: 500 });
    const others = await tx.em.find(Referral, { clinicId, patientId, settledAt: null, id: { $ne: id } }, { limit: 20 });
    const links = await this.duplicates.linksOf(tx, id);
    const duplicates = links.map((link) => duplicateLine(id, link));
    const place = await waitingPlace(tx, referral, now);
    const request = await this.store.find(tx, 'ServiceRequest', referral.serviceRequestId);
    const openFlags = flags.filter(isOpen).map(({ flag }) => flag);
    const offered = offer(id, this.routes.all, outlookOf(referral, item.claim ?? undefined, tx.scope.actor, now), {
      flag: openFlags.map((flag) => ({ id: flag })),
      other: (await this.duplicates.undecidedOf(tx, [referral])).get(id) ?? [],
    });
    return {
      ...item,
      serviceRequestId: referral.serviceRequestId,
      taskId: referral.taskId,
      request: { reasons: reasonsOf(request), requester: request?.requester?.display ?? request?.requester?.reference ?? null },
      missing: MINIMUM_DATA_SET.filter((item) => referral.missing.includes(item.id)).map((item) => ({ id: item.id, label: item.label })),
      flags: flagLines(flags, new Set((await this.store.readAll(tx, [...new Set(flags.flatMap(({ evidence }) => evidence))])).keys())),
      safetyCover: openFlags.length > 0 ? await this.cover.now(tx) : null,
      screenedWith: referral.screenedWith,
      decision: decisionOf(referral),
      reason: referral.reasonCode && referral.reasonText ? { code: referral.reasonCode, text: referral.reasonText } : null,
      appointment: referral.appointmentId && referral.appointmentAt ? { id: referral.appointmentId, start: referral.appointmentAt } : null,
      outcome: referral.outcome ?? null,
      history: history.map(lineOf),
      otherReferrals: others.map((other) => ({ id: other.id, state: other.state, receivedAt: other.receivedAt })),
      duplicates,
      suggestion: referral.openHardStops > 0 ? null : (referral.suggestion ?? null),
      waiting: place && { ...place, askedAt: referral.waitingAskedAt ?? null, answer: referral.waitingAnswer ?? null, askNextAt: referral.waitingAskAt ?? null },
      conversation: await this.advice.conversation(tx, referral, `Organization/${organizationId(clinicId)}`),
      conversionAgreed: referral.conversionAgreed ?? null,
      availableActions: offered.available,
      blockedActions: offered.blocked,
    };
  }
}

const duplicateLine = (id: string, { earlierId, laterId, because, state, endedId, decidedBy, comment }: ReferralDuplicate): DuplicateLine => ({
  id: earlierId === id ? laterId : earlierId,
  because,
  state,
  ended: endedId ? (endedId === id ? 'this' : 'other') : null,
  decidedBy: decidedBy ?? null,
  comment: comment ?? null,
});

const reasonsOf = (request: ServiceRequest | undefined): string[] =>
  (request?.reasonCode ?? []).flatMap((concept) => concept.text ?? concept.coding?.find(({ display }) => display)?.display ?? []);

function decisionOf({ decision, decisionDueAt }: Referral): ReferralDetail['decision'] {
  if (!decision) return null;
  const { before: _, ...said } = decision;
  return { ...said, undoableUntil: decisionDueAt ?? null };
}

/** Every flag of the rule set: found ones first, hard stops before concerns. */
function flagLines(rows: readonly ReferralFlag[], readable: ReadonlySet<string>): FlagLine[] {
  const byFlag = new Map(rows.map((row) => [row.flag, row]));
  const order = (line: FlagLine): number => (line.hint ? 1 : ['found', 'hinted', 'denied', 'not-known'].indexOf(line.state)) * 2 + (line.level === 'hard-stop' ? 0 : 1);
  return RED_FLAGS.map((flag): FlagLine => {
    const row = byFlag.get(flag.id);
    const evidence = (row?.evidence ?? []).filter((reference) => readable.has(reference));
    return {
      flag: flag.id,
      label: flag.label,
      level: flag.level,
      state: row && row.state !== 'hinted' ? row.state : 'not-known',
      hint: row?.state === 'hinted',
      grounds: (row?.grounds ?? []).filter(({ reference }) => readable.has(reference)),
      action: flag.action,
      evidence,
      evidenceWithheld: (row?.evidence.length ?? 0) - evidence.length,
      toldBy: row?.toldBy ?? null,
      verified: row?.verified ?? null,
      notedAt: row?.notedAt ?? null,
      acknowledged: row?.acknowledgedAt && row.acknowledgedBy ? { by: row.acknowledgedBy, at: row.acknowledgedAt, actionTaken: row.actionTaken ?? null } : null,
    };
  }).sort((a, b) => order(a) - order(b));
}

const lineOf = (row: ReferralTransition): HistoryLine => ({
  event: row.event,
  from: row.fromState ?? null,
  to: row.toState,
  at: row.happenedAt,
  by: row.actorName ?? `${row.actorKind}:${row.actorId}`,
  reason: row.reasonCode ?? null,
  comment: row.comment ?? null,
});
