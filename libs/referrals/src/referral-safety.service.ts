import { Injectable } from '@nestjs/common';
import { conflict, notFound } from '@cairn/kernel';
import { SafetyAlerts, SafetyCover } from '@cairn/outcomes';
import { audit, demand, type Tx } from '@cairn/platform';
import { redFlag } from './red-flag-rules.js';
import { Referral } from './referral.entity.js';
import { ReferralFlag, isOpen } from './referral-flag.entity.js';
import { nobodyReadsLetter } from './referral.letters.js';
import { ReferralMoves, arrange } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralScreening } from './referral-screening.service.js';
import type { ReferralSettings } from './referral.settings.js';

/** The subject of safety alerts that referrals raise. */
export const REFERRAL_SUBJECT = 'referral';
/** The rule of the alert that says: nobody looked at the weak features the same day. */
const SAME_DAY_REVIEW = { id: 'same-day-review', label: 'The same-day review of a referral is overdue' };

/** Brings red flags to the people on the rota, and their acknowledgement back. */
@Injectable()
export class ReferralSafety {
  constructor(
    private readonly alerts: SafetyAlerts,
    private readonly cover: SafetyCover,
    private readonly moves: ReferralMoves,
    private readonly screening: ReferralScreening,
    private readonly projection: ReferralProjection,
  ) {}

  /**
   * Hands hard stops to the rota. A decision that has not taken effect is undone: it was made without knowing. While nobody reads, the referrer is told at
   * once, and whom to call. Call it when the referral is shown.
   */
  async report(tx: Tx, referral: Referral, settings: ReferralSettings, hardStops: readonly ReferralFlag[]): Promise<void> {
    if (hardStops.length === 0) return;
    await tx.flush();
    for (const { flag } of hardStops) {
      await this.alerts.raise(tx, { ...this.#about(referral), focus: `Task/${referral.taskId}`, rule: { id: flag, label: redFlag(flag)?.label ?? flag } });
    }
    if (referral.decisionDueAt) await this.#takeBack(tx, referral);
    const cover = await this.cover.now(tx);
    if (!cover.covered) await this.projection.tell(tx, referral, settings, nobodyReadsLetter(cover, settings.zone));
  }

  /** The time for the same-day review is over and a weak feature is still open: the rota hears of it, once. */
  async escalateReview(tx: Tx, referral: Referral): Promise<void> {
    const now = tx.clock.now();
    if (referral.openConcerns === 0 || !referral.reviewDueAt || now < referral.reviewDueAt || referral.reviewEscalatedAt) return;
    referral.reviewEscalatedAt = now;
    await this.alerts.raise(tx, { ...this.#about(referral), focus: `Task/${referral.taskId}`, rule: SAME_DAY_REVIEW, overdueWork: true });
    await tx.flush();
  }

  /**
   * A named clinician takes note of a red flag and says what was done. Refuses whoever lacks the right, with `not-found` a flag that was neither found nor
   * hinted at, and with a conflict one that somebody acknowledged before.
   */
  async acknowledge(tx: Tx, referral: Referral, flag: string, actionTaken: string): Promise<void> {
    const row = (await this.screening.flags(tx, referral.id)).find((one) => one.flag === flag && one.state !== 'denied');
    if (!row) throw notFound('The red flag');
    if (row.acknowledgedAt) throw conflict(`${row.acknowledgedBy ?? 'Somebody'} has acknowledged this red flag already.`, { code: 'referral.flag-acknowledged' });
    await this.#acknowledge(tx, referral, [row], actionTaken);
  }

  /** The same from the alert: for its flag, or for all weak features that an overdue review is about. */
  async acknowledgeAlert(tx: Tx, referral: Referral, ruleId: string, actionTaken: string): Promise<void> {
    if (ruleId !== SAME_DAY_REVIEW.id) return this.acknowledge(tx, referral, ruleId, actionTaken);
    const weak = (await this.screening.flags(tx, referral.id)).filter((flag) => isOpen(flag) && flag.level === 'concern');
    await this.#acknowledge(tx, referral, weak, actionTaken);
    await this.alerts.settle(tx, this.#about(referral).subject, ruleId, actionTaken);
  }

  async #acknowledge(tx: Tx, referral: Referral, rows: readonly ReferralFlag[], actionTaken: string): Promise<void> {
    const { actor } = tx.scope;
    demand(actor, 'referral.acknowledge');
    const by = 'name' in actor ? actor.name : actor.id;
    const { subject } = this.#about(referral);
    for (const row of rows) Object.assign(row, { acknowledgedAt: tx.clock.now(), acknowledgedBy: by, actionTaken });
    await tx.flush();
    await this.screening.recount(tx, referral, await this.moves.settings(tx));
    for (const { flag } of rows) {
      await this.alerts.settle(tx, subject, flag, actionTaken);
      await audit(tx, { action: 'update', what: 'referral.acknowledge-flag', entities: [`Task/${referral.taskId}`], patients: [referral.patientId], purpose: `${flag}: ${actionTaken}` });
    }
    if (referral.openConcerns === 0) await this.alerts.settle(tx, subject, SAME_DAY_REVIEW.id, actionTaken);
  }

  async #takeBack(tx: Tx, referral: Referral): Promise<void> {
    await this.moves.move(tx, referral, 'undo', {
      as: 'cairn',
      comment: 'A red flag was found before the decision had left: it is to be made anew.',
      change: (row) => Object.assign(row, { pathway: row.decision?.before.pathway ?? null, decision: null, urgency: 'stat' }),
    });
    arrange(referral, await this.moves.settings(tx), tx.clock.now());
  }

  #about = ({ id, patientId }: Referral) => ({ patientId, subject: { kind: REFERRAL_SUBJECT, id } });
}
