import { Injectable } from '@nestjs/common';
import { forbidden } from '@cairn/kernel';
import { Transactions, audit, type PersonActor, type Scope, type Tx } from '@cairn/platform';
import { demandDeed } from '../actions/referral-outlook.js';
import type { Referral } from '../referral.entity.js';
import { ReferralMoves } from '../referral-moves.service.js';
import type { Claim } from './referral-claim.js';

/** The person who acts. Refuses anybody else: only people take work into their hands. */
export function personOf(tx: Tx): PersonActor {
  if (tx.scope.actor.kind !== 'person') throw forbidden('Only people of the clinic do this.');
  return tx.scope.actor;
}

/** Takes work into one person's hands for a while: two people never work on the same referral unknowingly. */
@Injectable()
export class ReferralClaims {
  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
  ) {}

  /** Claims the referral, or renews one's own claim. Refuses where somebody else holds it, and where it is over. */
  async claim(scope: Scope, id: string, version?: number): Promise<Claim> {
    return this.transactions.run(scope, async (tx) => this.claimIn(tx, await this.moves.lock(tx, id, version)));
  }

  async claimIn(tx: Tx, referral: Referral): Promise<Claim> {
    const person = personOf(tx);
    await demandDeed(tx, referral, 'claim');
    const now = tx.clock.now();
    const until = new Date(now.getTime() + (await this.moves.settings(tx)).claimMinutes * 60_000);
    const rows = await tx.query<{ expires_at: Date }>({
      name: 'referral-claim',
      text: `insert into referral_claim (clinic_id, referral_id, person_id, person_name, claimed_at, expires_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (clinic_id, referral_id) do update set person_id = $3, person_name = $4, expires_at = $6,
          claimed_at = case when referral_claim.person_id = $3 and referral_claim.expires_at > $5 then referral_claim.claimed_at else $5 end
        where referral_claim.person_id = $3 or referral_claim.expires_at <= $5 returning expires_at`,
      values: [tx.scope.clinicId, referral.id, person.id, person.name, now, until],
    });
    if (rows.length === 0) throw new Error('A claim was refused though none stands.');
    await audit(tx, { action: 'update', what: 'referral.claim', entities: [`Task/${referral.taskId}`], patients: [referral.patientId] });
    return { by: { id: person.id, name: person.name }, until };
  }

  /** Lets the referral go. Refuses where the actor does not hold it. */
  async release(scope: Scope, id: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      await demandDeed(tx, await this.moves.lock(tx, id), 'release');
      await this.releaseIn(tx, id);
    });
  }

  /** The same inside a transaction; nothing where the actor does not hold it. */
  async releaseIn(tx: Tx, id: string): Promise<void> {
    await tx.query(`update referral_claim set expires_at = $3 where clinic_id = $1 and referral_id = $2 and person_id = $4 and expires_at > $3`, [
      tx.scope.clinicId,
      id,
      tx.clock.now(),
      personOf(tx).id,
    ]);
  }
}
