import { Injectable } from '@nestjs/common';
import type { AlertSubject } from '@cairn/outcomes';
import type { Tx } from '@cairn/platform';
import { ReferralMoves } from './referral-moves.service.js';
import { REFERRAL_SUBJECT, ReferralSafety } from './referral-safety.service.js';

/** Lets whoever takes charge of a referral's alert acknowledge its red flag by the same act. */
@Injectable()
export class ReferralAlertSubject implements AlertSubject {
  readonly kind = REFERRAL_SUBJECT;

  constructor(
    private readonly moves: ReferralMoves,
    private readonly safety: ReferralSafety,
  ) {}

  async acknowledge(tx: Tx, { subjectId, rule }: { readonly subjectId: string; readonly rule: string }, note: string): Promise<void> {
    await this.safety.acknowledgeAlert(tx, await this.moves.lock(tx, subjectId), rule, note);
  }
}
