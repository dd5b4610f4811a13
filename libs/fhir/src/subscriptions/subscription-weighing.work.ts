import { CairnError, newId } from '@cairn/kernel';
import { cairnScope, type DueRow, type DueWork, type Logger, type Queryable, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { readObject } from '../lossless/read-body.js';
import type { Search } from '../search/search.js';
import { readWish, type Wish } from './subscription-content.js';
import limits from './subscription-limits.json' with { type: 'json' };
import { readNews, readSteps, takeNews, type News } from './subscription-news.js';
import { interestedIn, subscriberScope, type KeptSubscription } from './subscription-row.js';
import { SubscriberSight } from './subscriber-sight.js';
import { isTriggered, type ResourceStep, type SubscriptionTopics } from './topic.js';

/** What weighing looks to. */
export interface WeighingParts {
  readonly transactions: Transactions;
  readonly search: Search;
  readonly topics: SubscriptionTopics;
  readonly logger: Logger;
}

/** A plain R4 subscription hears of whatever meets its criteria after it was made or changed. */
const ANY_CHANGE = { supportedInteraction: ['create', 'update'] } as const;

/** Which news are events of which subscription. */
type Weighed = ReadonlyMap<string, readonly News[]>;

/**
 * Weighs what was written against the subscriptions of the clinic: whether it is what their topic is about, whether it meets their filters, and whether their
 * subscriber may see it. What is, becomes an event with the next number.
 */
export class SubscriptionWeighingWork implements DueWork {
  readonly name = 'fhir-subscription-weighing';
  readonly lane = 'events';

  constructor(private readonly parts: WeighingParts) {}

  async due(database: Queryable, _now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; newest: string }>({
      name: 'fhir-news-due',
      text: 'select clinic_id, max(position) as newest from fhir_news group by clinic_id limit $1',
      values: [limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: 'news', turn: row.newest }));
  }

  async perform({ clinicId }: DueRow): Promise<void> {
    for (;;) {
      const { news, weighed, steps } = await this.#weigh(clinicId);
      if (news.length === 0) return;
      await this.#number(clinicId, news, weighed, steps);
      if (news.length < limits.newsPerTurn) return;
    }
  }

  async #weigh(clinicId: string): Promise<{ news: News[]; weighed: Weighed; steps: ReadonlyMap<number, ResourceStep> }> {
    const scope = cairnScope(clinicId, this.name, newId());
    const { news, steps, subscriptions } = await this.parts.transactions.read(scope, async (tx) => {
      const found = await readNews(tx, limits.newsPerTurn);
      if (found.length === 0) return { news: found, steps: new Map<number, ResourceStep>(), subscriptions: [] };
      return { news: found, steps: await readSteps(tx, found), subscriptions: await interestedIn(tx, [...new Set(found.map(({ type }) => type))]) };
    });
    const weighed = new Map<string, readonly News[]>();
    for (const subscription of subscriptions) weighed.set(subscription.id, await this.#eventsFor(clinicId, subscription, news, steps));
    return { news, weighed, steps };
  }

  async #eventsFor(clinicId: string, subscription: KeptSubscription, news: readonly News[], steps: ReadonlyMap<number, ResourceStep>): Promise<readonly News[]> {
    try {
      const wish = readWish(readObject(subscription.json).value, this.parts.topics);
      const triggering = news.filter(({ position, type }) => {
        const step = steps.get(position);
        return type === wish.type && step !== undefined && isTriggered(wish.topic ?? ANY_CHANGE, step);
      });
      return triggering.length === 0 ? [] : await this.#visibleOf(clinicId, subscription, wish, triggering);
    } catch (error) {
      // One subscription that can't be weighed, such as for a topic no longer offered, must not hold up the others.
      if (!(error instanceof CairnError)) throw error;
      this.parts.logger.warn({ event: 'fhir-subscription.not-weighed', subscription: subscription.id, code: error.code });
      return [];
    }
  }

  /** Filters are held against the version that was written, as the store's own search would, and with the subscriber's eyes: what it may not see leaves no trace, not even a number. */
  async #visibleOf(clinicId: string, subscription: KeptSubscription, wish: Wish, news: readonly News[]): Promise<readonly News[]> {
    const scope = subscriberScope(cairnScope(clinicId, this.name, newId()), subscription, subscription.scopes);
    return this.parts.transactions.read(scope, (tx) => new SubscriberSight(tx, this.parts.search, AccessPolicy.for(scope.actor)).versionsMeeting(wish, news));
  }

  async #number(clinicId: string, news: readonly News[], weighed: Weighed, steps: ReadonlyMap<number, ResourceStep>): Promise<void> {
    await this.parts.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const still = new Set(await takeNews(tx, news.map(({ position }) => position)));
      let added = false;
      for (const id of [...weighed.keys()].sort()) {
        const events = (weighed.get(id) ?? []).filter(({ position }) => still.has(position));
        if (events.length > 0) added = (await append(tx, id, events, steps)) || added;
      }
      if (added) await tx.ring();
    });
  }
}

/** Gives the events the next numbers of their subscription, whose row stays locked until the commit: so there is no gap and no number twice. */
async function append(tx: Tx, id: string, events: readonly News[], steps: ReadonlyMap<number, ResourceStep>): Promise<boolean> {
  const { clinicId } = tx.scope;
  const now = tx.clock.now();
  const [row] = await tx.query<{ last: number }>({
    name: 'fhir-subscription-count-up',
    text: `update fhir_subscription set events = events + $3,
        due_at = case when state = 'active' and attempts = 0 then least(coalesce(due_at, $4), $4) else due_at end
      where clinic_id = $1 and id = $2 and state <> 'off' returning events::float8 as last`,
    values: [clinicId, id, events.length, now],
  });
  if (!row) return false;
  await tx.query({
    name: 'fhir-subscription-append',
    text: `insert into fhir_subscription_event (clinic_id, subscription_id, number, occurred_at, resource_type, resource_id, version, interaction)
      select $1, $2, $3 + e.place, e.at, e.type, e.id, e.version, e.interaction
      from unnest($4::timestamptz[], $5::text[], $6::text[], $7::int[], $8::text[]) with ordinality as e (at, type, id, version, interaction, place)`,
    values: [
      clinicId,
      id,
      row.last - events.length,
      events.map(({ writtenAt }) => writtenAt),
      events.map(({ type }) => type),
      events.map((event) => event.id),
      events.map(({ version }) => version),
      events.map(({ position }) => (steps.get(position)?.previous ? 'update' : 'create')),
    ],
  });
  return true;
}
