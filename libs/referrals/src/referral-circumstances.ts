import { may, type Actor } from '@cairn/platform';
import { asFound, circumstances, type Situation } from './referral.course.js';
import { courseOf, type Referral } from './referral.entity.js';
import type { Circumstances } from './referral.workflow.js';

/** Who acts, for the workflow. `as` is given where the actor does it in another's part. */
export function situationOf(actor: Actor, referral: Referral, as?: 'cairn' | 'requester'): Situation {
  const part = actor.kind === 'person' ? 'clinic' : actor.kind === 'cairn' ? 'cairn' : 'requester';
  return { by: as ?? part, mayTriage: may(actor, 'referral.triage'), isClinician: may(actor, 'referral.acknowledge'), openHardStops: referral.openHardStops, suspectedDuplicates: referral.suspectedDuplicates };
}

/** What the guards see when this actor does something with the referral now. */
export const circumstancesOf = (actor: Actor, referral: Referral, now: Date): Circumstances =>
  circumstances(asFound(courseOf(referral), now), situationOf(actor, referral), now);
