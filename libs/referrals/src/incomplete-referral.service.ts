import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';
import { itemLabel } from './minimum-data-set.js';
import type { Referral } from './referral.entity.js';
import { INFORMATION_OVERDUE } from './referral.events.js';
import { declinedLetter, reminderLetter } from './referral.letters.js';
import { ReferralMoves, arrange } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { declineWords } from './referral-decisions.service.js';

/** Brings referrals that wait for information on: a reminder first, then as the clinic's rule has it. */
@Injectable()
export class IncompleteReferrals {
  constructor(
    private readonly moves: ReferralMoves,
    private readonly projection: ReferralProjection,
  ) {}

  /**
   * Reminds the referrer at the first date; at the second returns the referral, or puts it before a clinician, as the clinic has set. One with an open hard stop
   * is never returned by rule. Does nothing before its date, or when the answer came.
   */
  async comeDue(tx: Tx, referral: Referral): Promise<void> {
    const now = tx.clock.now();
    if (referral.state !== 'information-requested' || !referral.informationDueAt || now < referral.informationDueAt) return;
    const settings = await this.moves.settings(tx);
    if (referral.informationStep === 'asked') {
      Object.assign(referral, { informationStep: 'reminded', informationDueAt: null });
      arrange(referral, settings, now);
      await this.projection.tell(tx, referral, settings, reminderLetter(referral.missing.map(itemLabel)));
    } else if (settings.incomplete.then === 'return' && referral.openHardStops === 0) {
      await this.moves.move(tx, referral, 'return-incomplete', { as: 'cairn', reason: declineWords('insufficient-information'), comment: 'Returned by the clinic’s rule: no answer came.' });
      await this.projection.tell(tx, referral, settings, declinedLetter('insufficient-information', 'Please refer again with what we asked for.'));
    } else {
      Object.assign(referral, { informationStep: 'overdue', informationDueAt: null });
      arrange(referral, settings, now);
      await tx.emit(INFORMATION_OVERDUE, { referralId: referral.id, patientId: referral.patientId });
    }
    await tx.flush();
  }
}
