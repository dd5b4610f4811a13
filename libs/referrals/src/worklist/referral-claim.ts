import { conflict, type Refusal } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';

/** Who has a referral in hands, and until when if the claim is not renewed. */
export interface Claim {
  readonly by: { readonly id: string; readonly name: string };
  readonly until: Date;
}

interface Row {
  readonly referral_id: string;
  readonly person_id: string;
  readonly person_name: string;
  readonly expires_at: Date;
}

/** The claims that stand now, by referral. */
export async function standingClaims(tx: Tx, referralIds: readonly string[]): Promise<Map<string, Claim>> {
  const rows = await tx.query<Row>({
    name: 'referral-claims',
    text: `select referral_id, person_id, person_name, expires_at from referral_claim where clinic_id = $1 and referral_id = any($2) and expires_at > $3`,
    values: [tx.scope.clinicId, referralIds, tx.clock.now()],
  });
  return new Map(rows.map((row) => [row.referral_id, { by: { id: row.person_id, name: row.person_name }, until: row.expires_at }]));
}

/** Says who has it, and until when. */
export const claimRefusal = ({ by, until }: Claim): Refusal => ({
  rule: 'referral.claimed',
  message: `${by.name} has this referral in hands until ${until.toISOString()}. Speak with them, or wait until the claim ends.`,
});

/**
 * Refuses a person's act on a referral that somebody else has in hands. A claim never stands before an open hard stop: whoever is there acts.
 */
export async function demandUnclaimed(tx: Tx, referral: { readonly id: string; readonly openHardStops: number }): Promise<void> {
  const { actor } = tx.scope;
  if (actor.kind !== 'person' || referral.openHardStops > 0) return;
  const claim = (await standingClaims(tx, [referral.id])).get(referral.id);
  if (!claim || claim.by.id === actor.id) return;
  const { rule, message } = claimRefusal(claim);
  throw conflict(message, { code: rule });
}
