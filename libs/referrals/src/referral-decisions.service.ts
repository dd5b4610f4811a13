import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';
import type { Referral } from './referral.entity.js';
import { acceptedLetter, declinedLetter, redirectedLetter, type Letter } from './referral.letters.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { DECLINE_REASONS, declineReason } from './referral.settings.js';

/** Puts triage decisions into effect when they can no longer be undone: only then do Task, letter and news leave. */
@Injectable()
export class ReferralDecisions {
  constructor(
    private readonly moves: ReferralMoves,
    private readonly projection: ReferralProjection,
  ) {}

  /** The referral, locked, with a lapsed decision put into effect first: whoever comes before the sweeper does its work. */
  async lock(tx: Tx, id: string, version?: number): Promise<Referral> {
    const referral = await this.moves.lock(tx, id, version);
    await this.settle(tx, referral);
    return referral;
  }

  /** Puts the pending decision into effect if its window has closed. Returns whether it did. */
  async settle(tx: Tx, referral: Referral): Promise<boolean> {
    if (!referral.decisionDueAt || tx.clock.now() < referral.decisionDueAt) return false;
    const letter = letterOf(referral);
    await this.moves.move(tx, referral, 'take-effect', { as: 'cairn' });
    await this.projection.tell(tx, referral, await this.moves.settings(tx), letter);
    return true;
  }
}

function letterOf({ state, decision, urgency, pathway }: Referral): Letter {
  if (!decision) throw new Error('A decision is due, but what was decided is not there.');
  if (state === 'declined') return declinedLetter(declineReason.parse(decision.reason), decision.advice ?? '');
  if (state === 'redirected') return redirectedLetter(decision.redirectedTo ?? '', decision.comment);
  return acceptedLetter(urgency, pathway ?? 'assessment', decision.comment);
}

/** What a decision says on the Task once it is in effect. */
export const declineWords = (reason: keyof typeof DECLINE_REASONS): { code: string; text: string } => ({ code: reason, text: DECLINE_REASONS[reason] });
