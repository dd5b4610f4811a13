import { CairnError, newId } from '@cairn/kernel';
import { audit, cairnScope, type Config, type Scope, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { readObject } from '../lossless/read-body.js';
import type { Search } from '../search/search.js';
import { isDeleted, readOne } from '../store/stored-version.js';
import type { ToldEvent } from './notification.js';
import { readWish, type Wish } from './subscription-content.js';
import { readEvents, tellEvents, toldNames } from './subscription-events.js';
import limits from './subscription-limits.json' with { type: 'json' };
import type { SubscriptionRecords } from './subscription-records.js';
import { readRow, subscriberScope, updateRow, type SubscriptionRow } from './subscription-row.js';
import { nextDue, turnAt, type Turn } from './subscription-schedule.js';
import type { SubscriptionTopics } from './topic.js';

/** A turn of sending that is this worker's, until the lease ends. */
export interface Claim {
  readonly row: SubscriptionRow;
  readonly wish: Wish;
  readonly turn: Turn;
  /** Tells this turn from an earlier one whose answer comes late. */
  readonly number: number;
}

/** What one notification carries. */
export interface Batch {
  readonly told: readonly ToldEvent[];
  /** The number of the last event that it settles. */
  readonly to: number;
}

/** What claims look to. */
export interface ClaimParts {
  readonly transactions: Transactions;
  readonly search: Search;
  readonly topics: SubscriptionTopics;
  readonly records: SubscriptionRecords;
  readonly config: Pick<Config, 'CAIRN_MODE' | 'FHIR_SUBSCRIPTION_RETENTION_DAYS'>;
}

const WORK = 'fhir-subscription-sending';

/** How many events one turn looks through for such as the subscriber may see. */
const LOOKED_THROUGH = 200;

/** Lets one worker at a time send for a subscription, so that its events go out in order. */
export class SendingClaims {
  constructor(private readonly parts: ClaimParts) {}

  /** Claims a turn, or returns undefined when there is nothing to send now: then what is to be done next is put down. */
  async take(clinicId: string, id: string): Promise<Claim | undefined> {
    return this.parts.transactions.run(cairnScope(clinicId, WORK, newId()), async (tx) => {
      const row = await readRow(tx, id, 'skip');
      const now = tx.clock.now();
      if (!row || row.dueAt === null || row.dueAt > now || (row.claimedUntil !== null && row.claimedUntil > now)) return undefined;
      const stored = await readOne(tx, 'Subscription', id);
      if (!stored || isDeleted(stored) || this.#isOver(row, now)) {
        await this.parts.records.end(tx, id, row.problem ?? undefined);
        return undefined;
      }
      const wish = this.#wishIn(stored.json);
      if (!wish) {
        await this.parts.records.end(tx, id, 'What it asks for is no longer offered.');
        return undefined;
      }
      const turn = turnAt(row, wish, now);
      if (turn === undefined) {
        await updateRow(tx, id, { due_at: row.state === 'error' ? this.#errorEnds(row) : nextDue(row, wish, now) });
        return undefined;
      }
      const number = row.claims + 1;
      await updateRow(tx, id, { claims: number, claimed_until: later(now, limits.leaseSeconds) });
      return { row, wish, turn, number };
    });
  }

  /**
   * Gathers what the next notification carries, with the subscriber's own eyes: its connection, and those of its scopes that its client still holds. Undefined
   * when all that waits is out of its sight; then that is put down, and nothing is sent. Recorded as an access before anything leaves.
   */
  async gather({ clinicId, correlationId }: Scope, { row, wish, number }: Claim): Promise<Batch | undefined> {
    const scopes = await this.#heldScopes(clinicId, row);
    return this.parts.transactions.run(subscriberScope({ clinicId, correlationId, actor: { kind: 'cairn', id: WORK } }, row, scopes), async (tx) => {
      const policy = AccessPolicy.for(tx.scope.actor);
      const range = { from: row.delivered + 1, to: row.batchTo ?? row.events };
      const events = await readEvents(tx, row.id, range, LOOKED_THROUGH);
      const whole = wish.content === 'full-resource';
      const { told, patients } = await tellEvents(tx, events, { search: this.parts.search, policy, whole });
      const batch = cut(told, wish);
      if (!batch) {
        const weighed = events.at(-1)?.number ?? range.to;
        await updateRow(tx, row.id, { weighed, batch_to: null, attempts: 0, problem: null, claimed_until: null, due_at: nextDue({ ...row, weighed, batchTo: null }, wish, tx.clock.now()) });
        return undefined;
      }
      await tx.query('update fhir_subscription set batch_to = $3 where clinic_id = $1 and id = $2 and claims = $4', [clinicId, row.id, batch.to, number]);
      if (wish.content !== 'empty' && wish.content !== undefined && patients.length > 0) await audit(tx, { action: 'read', what: 'subscription.notification', entities: toldNames(batch.told), patients });
      return batch;
    });
  }

  /** The scopes of the subscription that its client still holds; none once it is disabled. Tokens of demo mode need no registration. */
  async #heldScopes(clinicId: string, { clientId, scopes }: SubscriptionRow): Promise<readonly string[]> {
    const [client] = await this.parts.transactions.read(cairnScope(clinicId, WORK, newId()), (tx: Tx) =>
      tx.query<{ scopes: string[]; disabled: boolean }>({
        name: 'fhir-subscription-client',
        text: 'select scopes, disabled_at is not null as disabled from client where client_id = $1 and clinic_id = $2',
        values: [clientId, clinicId],
      }),
    );
    if (!client) return this.parts.config.CAIRN_MODE === 'demo' ? scopes : [];
    return client.disabled ? [] : scopes.filter((scope) => client.scopes.includes(scope));
  }

  /** What a stored subscription asks for; undefined when that is no longer offered, such as a topic that is gone. */
  #wishIn(json: string): Wish | undefined {
    try {
      return readWish(readObject(json).value, this.parts.topics);
    } catch (error) {
      if (error instanceof CairnError) return undefined;
      throw error;
    }
  }

  #isOver(row: SubscriptionRow, now: Date): boolean {
    return row.state === 'off' || (row.endsAt !== null && row.endsAt <= now) || (row.state === 'error' && this.#errorEnds(row) <= now);
  }

  /** When a subscription whose subscriber does nothing about its error is given up. */
  #errorEnds({ failedAt, endsAt }: SubscriptionRow): Date {
    const kept = later(failedAt ?? new Date(0), this.parts.config.FHIR_SUBSCRIPTION_RETENTION_DAYS * 24 * 60 * 60);
    return endsAt !== null && endsAt < kept ? endsAt : kept;
  }
}

/** The first events that fit into one notification, those without a focus counted along; undefined where none has a focus. */
function cut(told: readonly ToldEvent[], { maxCount, content }: Wish): Batch | undefined {
  let focused = 0;
  let bytes = 0;
  let taken = 0;
  for (const { focus } of told) {
    if (focus) {
      bytes += content === 'full-resource' ? Buffer.byteLength(focus.json) : 0;
      if (focused > 0 && (focused >= maxCount || bytes > limits.notificationBytes)) break;
      focused += 1;
    }
    taken += 1;
  }
  const events = told.slice(0, taken);
  const last = events.at(-1);
  return focused === 0 || !last ? undefined : { told: events, to: last.number };
}

const later = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000);
