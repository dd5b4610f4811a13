import { conflict } from '@cairn/kernel';
import type { Actor, Tx } from '@cairn/platform';
import { circumstancesOf } from '../referral-circumstances.js';
import { asFound } from '../referral.course.js';
import { courseOf, type Referral } from '../referral.entity.js';
import { standingClaims, type Claim } from '../worklist/referral-claim.js';
import type { ReferralDeed } from './referral-act.js';
import { objectionTo, type Outlook } from './referral-objections.js';

/** The referral as the actor finds it who does something now. */
export function outlookOf(referral: Referral, claim: Claim | undefined, actor: Actor, now: Date): Outlook {
  const { state } = asFound(courseOf(referral), now);
  return { state, pathway: referral.pathway ?? null, attachments: referral.attachments, circumstances: circumstancesOf(actor, referral, now), actor, claim };
}

/** Refuses, with a conflict that names the rule, a deed that is not possible now: by the same rules by which it is offered. */
export async function demandDeed(tx: Tx, referral: Referral, deed: ReferralDeed): Promise<void> {
  const claim = (await standingClaims(tx, [referral.id])).get(referral.id);
  const objection = objectionTo(deed, outlookOf(referral, claim, tx.scope.actor, tx.clock.now()));
  if (objection) throw conflict(objection.message, { code: objection.rule });
}
