import type { SubscriptionRow } from './subscription-row.js';
import type { Wish } from './subscription-content.js';

/** What there is to send. */
export type Turn = 'handshake' | 'events' | 'heartbeat';

type Facts = Pick<SubscriptionRow, 'state' | 'events' | 'delivered' | 'weighed' | 'batchTo' | 'lastSentAt'>;

/** Whether events wait that may be in the subscriber's sight. */
const waits = ({ events, delivered, weighed, batchTo }: Facts): boolean => batchTo !== null || events > Math.max(delivered, weighed);

/** When the next heartbeat is due; undefined where none was asked for. */
const heartbeatAt = ({ lastSentAt }: Facts, { heartbeatSeconds }: Pick<Wish, 'heartbeatSeconds'>): Date | undefined =>
  heartbeatSeconds === undefined || lastSentAt === null ? undefined : new Date(lastSentAt.getTime() + heartbeatSeconds * 1000);

/** What is to be sent at this moment; undefined for nothing. A plain R4 subscription is neither shaken hands with nor sent heartbeats. */
export function turnAt(facts: Facts, wish: Pick<Wish, 'heartbeatSeconds' | 'topic'>, now: Date): Turn | undefined {
  if (facts.state === 'requested') return 'handshake';
  if (facts.state !== 'active') return undefined;
  if (waits(facts)) return 'events';
  const beat = wish.topic ? heartbeatAt(facts, wish) : undefined;
  return beat && beat <= now ? 'heartbeat' : undefined;
}

/** When something is to be done next of its own accord, such as a heartbeat or the end; null where only an event will bring it. */
export function nextDue(facts: Facts, wish: Pick<Wish, 'heartbeatSeconds' | 'topic' | 'end'>, now: Date): Date | null {
  if (facts.state === 'off') return null;
  if (turnAt(facts, wish, now) !== undefined) return now;
  const instants = [facts.state === 'active' && wish.topic ? heartbeatAt(facts, wish) : undefined, wish.end].flatMap((instant) => instant ?? []);
  return instants.length === 0 ? null : new Date(Math.min(...instants.map((instant) => instant.getTime())));
}
