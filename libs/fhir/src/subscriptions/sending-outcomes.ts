import { newId } from '@cairn/kernel';
import { backoffSeconds, cairnScope, type Config, type Transactions, type Tx } from '@cairn/platform';
import type { Batch, Claim } from './sending-claims.js';
import type { SubscriptionRecords } from './subscription-records.js';
import { readRow, setInterest, updateRow, type SubscriptionRow } from './subscription-row.js';
import { nextDue } from './subscription-schedule.js';

/** What became of one try. `problem` is a plain sentence for the subscriber, which quotes nothing of the answer. */
export type Outcome = { readonly arrived: true } | { readonly arrived: false; readonly problem: string; readonly retryAfter?: number; readonly final?: boolean };

/** A receiver may ask to be left alone for a day at most. */
const LONGEST_WAIT_SECONDS = 24 * 60 * 60;

/** Puts down what became of a try, and when the next is due. */
export class SendingOutcomes {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: SubscriptionRecords,
    private readonly config: Pick<Config, 'FHIR_SUBSCRIPTION_ATTEMPTS' | 'FHIR_SUBSCRIPTION_RETENTION_DAYS'>,
  ) {}

  /** Returns whether more is to be sent at once. Does nothing when somebody else has taken over, or the subscriber changed the subscription meanwhile. */
  async record(clinicId: string, claim: Claim, batch: Batch | undefined, outcome: Outcome): Promise<boolean> {
    return this.transactions.run(cairnScope(clinicId, 'fhir-subscription-sending', newId()), async (tx) => {
      const row = await readRow(tx, claim.row.id, 'wait');
      if (row?.claims !== claim.number) return false;
      if (outcome.arrived) return this.#arrived(tx, row, claim, batch);
      const attempts = row.attempts + 1;
      if (outcome.final || attempts >= this.config.FHIR_SUBSCRIPTION_ATTEMPTS) await this.#giveUp(tx, row, batch, `Given up after ${attempts} ${attempts === 1 ? 'try' : 'tries'}. ${outcome.problem}`);
      else {
        const seconds = Math.max(backoffSeconds(attempts), Math.min(outcome.retryAfter ?? 0, LONGEST_WAIT_SECONDS));
        await updateRow(tx, row.id, { attempts, problem: outcome.problem, claimed_until: null, due_at: new Date(tx.clock.now().getTime() + seconds * 1000) });
      }
      return false;
    });
  }

  async #arrived(tx: Tx, row: SubscriptionRow, { turn, wish }: Claim, batch: Batch | undefined): Promise<boolean> {
    const now = tx.clock.now();
    if (turn === 'handshake') {
      await setInterest(tx, row.id, wish.type);
      await this.records.say(tx, row.id, 'active');
    }
    const after = { ...row, state: 'active', lastSentAt: now, batchTo: null, delivered: batch?.to ?? row.delivered } as const;
    const due = nextDue(after, wish, now);
    await updateRow(tx, row.id, {
      state: 'active',
      delivered: after.delivered,
      batch_to: null,
      attempts: 0,
      problem: null,
      failed_at: null,
      last_sent_at: now,
      claimed_until: null,
      due_at: due,
    });
    await this.#forgetOld(tx, row.id, now);
    return due !== null && due <= now;
  }

  /** The events of the notification become dead letters. Later ones are recorded, and wait until the subscriber asks again. */
  async #giveUp(tx: Tx, row: SubscriptionRow, batch: Batch | undefined, problem: string): Promise<void> {
    const now = tx.clock.now();
    if (batch) {
      await tx.query(
        `update fhir_subscription_event set dead_at = $5 where clinic_id = $1 and subscription_id = $2 and number > $3 and number <= $4`,
        [tx.scope.clinicId, row.id, row.delivered, batch.to, now],
      );
    }
    const until = new Date(now.getTime() + this.config.FHIR_SUBSCRIPTION_RETENTION_DAYS * 24 * 60 * 60 * 1000);
    await updateRow(tx, row.id, {
      state: 'error',
      problem,
      failed_at: now,
      attempts: 0,
      delivered: batch?.to ?? row.delivered,
      batch_to: null,
      claimed_until: null,
      due_at: row.endsAt !== null && row.endsAt < until ? row.endsAt : until,
    });
    await this.records.say(tx, row.id, 'error', problem);
  }

  /** Events are kept so long that a subscriber can catch up on them, and no longer. */
  async #forgetOld(tx: Tx, id: string, now: Date): Promise<void> {
    await tx.query({
      name: 'fhir-subscription-forget',
      text: `delete from fhir_subscription_event e using fhir_subscription s
        where e.clinic_id = $1 and e.subscription_id = $2 and e.occurred_at < $3::timestamptz - make_interval(days => $4)
          and s.clinic_id = e.clinic_id and s.id = e.subscription_id and e.number <= s.delivered`,
      values: [tx.scope.clinicId, id, now, this.config.FHIR_SUBSCRIPTION_RETENTION_DAYS],
    });
  }
}
