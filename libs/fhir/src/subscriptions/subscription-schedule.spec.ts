import { describe, expect, it } from '@jest/globals';
import { nextDue, turnAt } from './subscription-schedule.js';
import type { SubscriptionTopic } from './topic.js';

const now = new Date('2026-11-25T12:00:00Z');
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000);
const topic: SubscriptionTopic = { name: 'task-changed', title: 'A Task changed', resource: 'Task', supportedInteraction: ['create'] };
const quiet = { state: 'active', events: 3, delivered: 3, weighed: 0, batchTo: null, lastSentAt: now } as const;

describe('what is sent for a subscription', () => {
  it.each([
    ['a handshake, before all', { ...quiet, state: 'requested', events: 9 }, now, 'handshake'],
    ['events that wait', { ...quiet, events: 4 }, now, 'events'],
    ['a notification that was begun', { ...quiet, batchTo: 3 }, now, 'events'],
    ['nothing where all that waits is out of sight', { ...quiet, events: 5, weighed: 5 }, now, undefined],
    ['nothing in error', { ...quiet, state: 'error', events: 9 }, now, undefined],
    ['nothing when off', { ...quiet, state: 'off', events: 9 }, now, undefined],
    ['no heartbeat before its time', quiet, minutes(9), undefined],
    ['a heartbeat in its time', quiet, minutes(10), 'heartbeat'],
  ] as const)('is %s', (_what, facts, at, turn) => expect(turnAt(facts, { topic, heartbeatSeconds: 600 }, at)).toBe(turn));

  it('is no heartbeat for a plain R4 subscription', () => expect(turnAt(quiet, { heartbeatSeconds: 600 }, minutes(10))).toBeUndefined());
});

describe('when a subscription is next due', () => {
  it.each([
    ['at once for what waits', { ...quiet, events: 4 }, {}, now],
    ['at its heartbeat', quiet, { heartbeatSeconds: 600 }, minutes(10)],
    ['at its end, if that comes first', quiet, { heartbeatSeconds: 600, end: minutes(5) }, minutes(5)],
    ['never, if only an event brings it', quiet, {}, null],
    ['never when off', { ...quiet, state: 'off' }, { end: minutes(5) }, null],
  ] as const)('is %s', (_what, facts, wish, due) => expect(nextDue(facts, { topic, ...wish }, now)).toEqual(due));
});
