import { Inject, Injectable } from '@nestjs/common';
import { nextState } from '@cairn/kernel';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import type { WaitingAnswer } from './referral.acts.js';
import { situationOf } from './referral-circumstances.js';
import { circumstances } from './referral.course.js';
import { courseOf, type Referral } from './referral.entity.js';
import { WAITING_ASKED } from './referral.events.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralMoves, arrange, idsOf } from './referral-moves.service.js';
import { referralMachine } from './referral.workflow.js';
import { TriageSuggestions } from './triage-suggestions.service.js';

/** What waiting patients are asked at intervals, and what their answers bring about. */
@Injectable()
export class WaitingList {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly suggestions: TriageSuggestions,
  ) {}

  /** The interval is over: lets it be known that the patient is to be asked, once for each interval. Who said that they no longer wish to come is not asked again: a person confirms it. */
  async comeDue(tx: Tx, referral: Referral): Promise<void> {
    const now = tx.clock.now();
    if (referral.state !== 'waitlisted' || !referral.waitingAskAt || now < referral.waitingAskAt) return;
    const settings = await this.moves.settings(tx);
    referral.waitingAskAt = new Date(now.getTime() + settings.stillWantedDays * 86_400_000);
    if (referral.waitingAnswer !== 'not-wanted') {
      // A question that nobody answered goes on waiting since it was first asked.
      if (referral.waitingAnswer || !referral.waitingAskedAt) Object.assign(referral, { waitingAskedAt: now, waitingAnswer: null });
      arrange(referral, settings, now);
      await tx.emit(WAITING_ASKED, idsOf(referral));
    }
    await tx.flush();
  }

  /** Writes down what the patient said, to a person of the clinic. Refuses a referral that does not wait. */
  async answered(scope: Scope, id: string, answer: WaitingAnswer, version?: number): Promise<void> {
    await this.transactions.run(scope, async (tx) => this.answeredIn(tx, await this.decisions.lock(tx, id, version), answer));
  }

  /** The same inside a transaction; what is worse goes back to triage. `as` is given where the patient says it without a person of the clinic. */
  async answeredIn(tx: Tx, referral: Referral, { answer, comment }: WaitingAnswer, as?: 'cairn'): Promise<void> {
    nextState(referralMachine, referral.state, 'hear-from-patient', circumstances(courseOf(referral), situationOf(tx.scope.actor, referral, as), tx.clock.now()));
    const settings = await this.moves.settings(tx);
    const said = { still: 'Still wanted.', worse: 'Worse than before.', 'not-wanted': 'No longer wanted.' }[answer];
    const how = { ...(as ? { as } : {}), comment: comment ? `${said} ${comment}` : said };
    if (answer === 'worse') {
      await this.moves.move(tx, referral, 'open-triage', { ...how, change: (row) => (row.waitingAnswer = answer) });
      await this.suggestions.note(tx, referral, settings);
    } else {
      await this.moves.move(tx, referral, 'hear-from-patient', { ...how, change: (row) => (row.waitingAnswer = answer) });
    }
    arrange(referral, settings, tx.clock.now());
    await tx.flush();
  }
}
