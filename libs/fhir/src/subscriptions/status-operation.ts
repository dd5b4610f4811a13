import { notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { parametersOf } from '../operations/operation-parameters.js';
import { OPERATIONS } from './backport.js';
import type { NotificationWriter, StatusFacts } from './notification.js';
import limits from './subscription-limits.json' with { type: 'json' };
import { visibleRows, type KeptSubscription } from './subscription-row.js';
import { topicIn, type SubscriptionTopics } from './topic.js';

/** `Subscription/$status` and `Subscription/{id}/$status`: how subscriptions of the caller are doing. */
export class SubscriptionStatusOperation implements FhirOperation {
  readonly name = 'status';
  readonly definition = OPERATIONS.status;
  readonly levels = ['type', 'instance'] as const;
  readonly types = ['Subscription'] as const;
  readonly affectsState = false;

  constructor(
    private readonly writer: NotificationWriter,
    private readonly topics: SubscriptionTopics,
    private readonly base: string,
  ) {}

  /** Answers a searchset of one status for each subscription, at type level those of `id` and `status` if that is asked. Refuses with 404 one that isn't the caller's. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer> {
    policy.demand('r', 'Subscription');
    const rows = target.level === 'instance' ? await visibleRows(tx, [target.id], 1) : await this.#asked(tx, request);
    if (target.level === 'instance' && rows.length === 0) throw notFound(`Subscription/${target.id}`);
    const entry = rows.map((row) => {
      const resource = this.writer.status(statusFacts(row, this.topics, 'query-status'));
      return { fullUrl: `${this.base}/Subscription/${row.id}/$status`, resource, search: { mode: 'match' } };
    });
    return { status: 200, json: JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: entry.length, ...(entry.length > 0 ? { entry } : {}) }) };
  }

  async #asked(tx: Tx, request: FhirRequest): Promise<KeptSubscription[]> {
    const parameters = [...parametersOf(request)];
    const values = (name: string): string[] => parameters.filter(([each]) => each === name).flatMap(([, value]) => value.split(','));
    const ids = values('id');
    const states = values('status');
    const rows = await visibleRows(tx, ids.length > 0 ? ids : undefined, limits.statusesPerAnswer);
    return states.length > 0 ? rows.filter(({ state }) => states.includes(state)) : rows;
  }
}

/** What a status says of a subscription, as its row and its resource stand. */
export function statusFacts(row: KeptSubscription, topics: SubscriptionTopics, type: StatusFacts['type']): StatusFacts {
  const { id, state, events, problem } = row;
  const topic = topicIn(row.json, topics);
  return { subscriptionId: id, state, type, events, problems: problem === null ? [] : [problem], ...(topic ? { topic: topics.canonicalOf(topic) } : {}) };
}
