import { notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { badParameter } from '../interactions/history-parameters.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { parametersOf } from '../operations/operation-parameters.js';
import type { Search } from '../search/search.js';
import { CONTENTS, OPERATIONS, type NotificationContent } from './backport.js';
import type { NotificationWriter } from './notification.js';
import { statusFacts } from './status-operation.js';
import { readWish } from './subscription-content.js';
import { readEvents, tellEvents, toldLabels, toldNames, type KeptEvent } from './subscription-events.js';
import limits from './subscription-limits.json' with { type: 'json' };
import { visibleRows } from './subscription-row.js';
import type { SubscriptionTopics } from './topic.js';

/** What is asked of `$events`. */
interface Asked {
  readonly from: number;
  readonly to: number;
  readonly content?: NotificationContent;
}

/** `Subscription/{id}/$events`: events that happened, so that a subscriber can catch up on what it missed. */
export class SubscriptionEventsOperation implements FhirOperation {
  readonly name = 'events';
  readonly definition = OPERATIONS.events;
  readonly levels = ['instance'] as const;
  readonly types = ['Subscription'] as const;
  readonly affectsState = false;

  constructor(
    private readonly writer: NotificationWriter,
    private readonly topics: SubscriptionTopics,
    private readonly search: Search,
  ) {}

  /**
   * Answers a notification Bundle of the events from `eventsSinceNumber` to `eventsUntilNumber`, both included, as far as they are still kept; at most so many
   * at once, and an error in it says where to go on. Refuses with 404 a subscription that isn't the caller's.
   */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    policy.demand('r', 'Subscription');
    const asked = read(request);
    const [row] = target.level === 'instance' ? await visibleRows(tx, [target.id], 1) : [];
    if (!row) throw notFound('The Subscription');
    const events = await readEvents(tx, row.id, asked, limits.eventsPerAnswer + 1);
    const shown = events.slice(0, limits.eventsPerAnswer);
    const content = asked.content ?? readWish(JSON.parse(row.json), this.topics).content ?? 'empty';
    const { told, patients } = await tellEvents(tx, shown, { search: this.search, policy, whole: content === 'full-resource' });
    const facts = statusFacts(row, this.topics, 'query-event');
    const problems = [...facts.problems, ...deadLetters(shown), ...moreBehind(events, shown)];
    const touched = content === 'empty' ? {} : { touched: { entities: toldNames(told), patients, labels: toldLabels(told) } };
    return { status: 200, json: this.writer.bundle({ ...facts, problems }, told, content, tx.clock.now()), ...touched };
  }
}

function read(request: FhirRequest): Asked {
  const parameters = new Map(parametersOf(request));
  const number = (name: string, otherwise: number): number => {
    const value = parameters.get(name);
    if (value === undefined) return otherwise;
    if (!/^\d{1,15}$/.test(value)) throw badParameter(name, 'Must be the number of an event.');
    return Number(value);
  };
  const wanted = parameters.get('content');
  const content = CONTENTS.find((each) => each === wanted);
  if (wanted !== undefined && !content) throw badParameter('content', `Must be one of ${CONTENTS.join(', ')}.`);
  return { from: number('eventsSinceNumber', 1), to: number('eventsUntilNumber', Number.MAX_SAFE_INTEGER), ...(content ? { content } : {}) };
}

/** Says which of the events were given up, so that their notification will not come. */
function deadLetters(events: readonly KeptEvent[]): string[] {
  const numbers = events.filter(({ deadAt }) => deadAt !== null).map(({ number }) => number);
  return numbers.length === 0 ? [] : [`Not delivered, and given up: ${numbers.length === 1 ? 'event' : 'events'} ${numbers.join(', ')}.`];
}

function moreBehind(events: readonly KeptEvent[], shown: readonly KeptEvent[]): string[] {
  const next = events[shown.length];
  return next ? [`There are more events. Ask again with eventsSinceNumber=${next.number}.`] : [];
}
