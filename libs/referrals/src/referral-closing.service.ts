import { Inject, Injectable } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import type { Outcome, UnseenClosure } from './referral.acts.js';
import { ReferralCare } from './referral-care.service.js';
import type { Face } from './referral.dialect.js';
import type { Referral } from './referral.entity.js';
import { closedLetter, unseenLetter, withdrawnLetter } from './referral.letters.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { CLOSE_UNSEEN_REASONS } from './referral.settings.js';

/** Ends referrals: withdrawn by the referrer, closed with their outcome, closed without the patient having been seen, or never meant to be. */
@Injectable()
export class ReferralClosing {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly projection: ReferralProjection,
    private readonly care: ReferralCare,
  ) {}

  /** Writes down that the referrer asked (by phone, say) to cancel. Before acceptance it ends at once; after, the clinic confirms. */
  async cancel(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.cancelIn(tx, referral, comment));
  }

  /** The same inside a transaction. `taskWas` is the face of the Task before the referrer changed it. */
  async cancelIn(tx: Tx, referral: Referral, comment: string | undefined, taskWas?: Face): Promise<void> {
    await this.moves.move(tx, referral, 'cancel', { reason: { code: 'cancelled-by-referrer', text: 'The referrer cancelled the request.' }, comment, ...(taskWas ? { taskWas } : {}) });
    if (referral.state === 'withdrawn') await this.#wind(tx, referral);
  }

  /** Confirms a cancellation: visits are called off and the referrer is told. */
  async withdraw(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'confirm-withdrawal', { reason: { code: 'cancelled-by-referrer', text: 'Cancelled at the request of the referrer.' }, comment });
      await this.#wind(tx, referral);
    });
  }

  /** Closes with what came of it. Refuses references that are not in the store. */
  async close(scope: Scope, id: string, outcome: Outcome, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.closeIn(tx, referral, outcome));
  }

  /** The same inside a transaction, for features that know the outcome. */
  async closeIn(tx: Tx, referral: Referral, outcome: Outcome, as?: 'cairn'): Promise<void> {
    const there = await this.store.readAll(tx, outcome.references);
    const lacking = outcome.references.findIndex((reference) => !there.has(reference));
    if (lacking >= 0) throw invalid('The outcome refers to something that is not here.', { issues: [{ path: `references.${lacking}`, message: 'Must be in the FHIR store.' }] });
    await this.moves.move(tx, referral, 'close', { ...(as ? { as } : {}), comment: outcome.summary, change: (row) => Object.assign(row, { outcome }) });
    await this.care.endVisit(tx, referral, 'cancelled', 'The referral was closed.');
    await this.projection.tell(tx, referral, await this.moves.settings(tx), closedLetter(outcome.summary));
  }

  /** Closes without the patient having been seen: a named person does, with a coded reason. */
  async closeUnseen(scope: Scope, id: string, { reason, comment }: UnseenClosure, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      const words = CLOSE_UNSEEN_REASONS[reason];
      await this.moves.move(tx, referral, 'close-unseen', { reason: { code: reason, text: words }, comment });
      await this.care.endVisit(tx, referral, 'cancelled', words);
      await this.projection.tell(tx, referral, await this.moves.settings(tx), unseenLetter(words, comment));
    });
  }

  /** Marks the referral as one that should never have been. */
  async retract(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.retractIn(tx, referral, comment));
  }

  /** The same inside a transaction. */
  async retractIn(tx: Tx, referral: Referral, comment: string | undefined): Promise<void> {
    await this.moves.move(tx, referral, 'enter-in-error', { reason: { code: 'entered-in-error', text: 'Entered in error.' }, comment });
    await this.care.endVisit(tx, referral, 'cancelled', 'The referral was entered in error.');
  }

  async #wind(tx: Tx, referral: Referral): Promise<void> {
    await this.care.endVisit(tx, referral, 'cancelled', 'The referrer cancelled the request.');
    await this.projection.tell(tx, referral, await this.moves.settings(tx), withdrawnLetter());
  }

  async #on(scope: Scope, id: string, version: number | undefined, act: (tx: Tx, referral: Referral) => Promise<void>): Promise<void> {
    await this.transactions.run(scope, async (tx) => act(tx, await this.decisions.lock(tx, id, version)));
  }
}
