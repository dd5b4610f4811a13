import { CairnError, invalid, type Issue } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import { z } from 'zod';
import { isResourceType } from '../definitions/structures.js';
import { readQuery } from '../search/search-query.js';
import { CONTENTS, EXTENSIONS, type NotificationContent } from './backport.js';
import limits from './subscription-limits.json' with { type: 'json' };
import type { SubscriptionTopic, SubscriptionTopics } from './topic.js';

/** What a subscription asks for, understood. */
export interface Wish {
  /** Absent for a plain R4 subscription, whose criteria are a search. */
  readonly topic?: SubscriptionTopic;
  readonly type: ResourceType;
  /** Searches of that type, as query strings; a resource must meet them all. */
  readonly queries: readonly string[];
  readonly endpoint: string;
  /** How much is sent; undefined for a plain R4 subscription without a payload, which is only rung. */
  readonly content: NotificationContent | undefined;
  /** Seconds of silence after which a heartbeat is sent. */
  readonly heartbeatSeconds?: number;
  readonly timeoutSeconds: number;
  /** How many events one notification carries at most. */
  readonly maxCount: number;
  readonly end?: Date;
}

const extensions = z.array(z.looseObject({ url: z.string() })).default([]);
const extended = z.object({ extension: extensions }).default({ extension: [] });

/** The elements that matter here, of a resource that is valid already. */
const content = z.object({
  criteria: z.string(),
  _criteria: extended,
  end: z.string().optional(),
  channel: z.object({
    type: z.string(),
    _type: extended,
    endpoint: z.string().optional(),
    payload: z.string().optional(),
    _payload: extended,
    extension: extensions,
  }),
});

type Extensions = z.infer<typeof extensions>;

/** The values of all extensions of that address, whatever their type. */
const valuesOf = (list: Extensions, url: string): unknown[] =>
  list.filter((extension) => extension.url === url).map((extension) => Object.entries(extension).find(([key]) => key.startsWith('value'))?.[1]);

const FHIR_JSON = /^application\/(fhir\+)?json(;|$)/;

/** Types whose changes are no news: one subscription would ring another, and what is recorded of an access rings with each read. */
const NO_NEWS = ['Subscription', 'AuditEvent', 'Provenance'];

/** Understands a valid Subscription. Refuses with 422, naming the elements, what this server can't do. */
export function readWish(resource: unknown, topics: SubscriptionTopics): Wish {
  const read = new WishReader(content.parse(resource), topics);
  const wish = read.wish();
  if (read.issues.length > 0) throw refused(read.issues);
  return wish;
}

/** What refuses a Subscription, naming the elements at fault. */
export const refused = (issues: readonly Issue[]): CairnError =>
  invalid('This server can not keep such a subscription.', { status: 422, code: 'subscription-refused', issues });

class WishReader {
  readonly issues: Issue[] = [];

  constructor(
    private readonly resource: z.infer<typeof content>,
    private readonly topics: SubscriptionTopics,
  ) {}

  wish(): Wish {
    const { channel, criteria, end } = this.resource;
    if (channel.type !== 'rest-hook') this.#wrong('channel.type', 'Must be rest-hook, the only channel that is offered.');
    if (valuesOf(channel._type.extension, EXTENSIONS.channelType).length > 0) this.#wrong('channel.type', 'No other channel types are offered.');
    if (channel.endpoint === undefined) this.#wrong('channel.endpoint', 'Must be the address that notifications are sent to.');
    const isTopic = /^(https?:|urn:)/.test(criteria);
    const heartbeatSeconds = this.#number('heartbeat-period', EXTENSIONS.heartbeatPeriod, limits.heartbeatSeconds);
    return {
      ...(isTopic ? this.#topic(criteria) : this.#search(criteria)),
      endpoint: channel.endpoint ?? '',
      content: this.#content(isTopic),
      ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
      timeoutSeconds: this.#number('timeout', EXTENSIONS.timeout, limits.timeoutSeconds) ?? limits.timeoutSeconds.most,
      // A resource that is sent by itself can't share its message.
      maxCount: isTopic ? (this.#number('max-count', EXTENSIONS.maxCount, limits.maxCount) ?? limits.maxCount.most) : 1,
      ...(end === undefined ? {} : { end: new Date(end) }),
    };
  }

  #topic(criteria: string): Pick<Wish, 'topic' | 'type' | 'queries'> {
    const topic = this.topics.find(criteria);
    if (!topic) {
      this.#wrong('criteria', 'No such topic is offered. The CapabilityStatement lists those that are.');
      return { type: 'Basic', queries: [] };
    }
    const filters = valuesOf(this.resource._criteria.extension, EXTENSIONS.filterCriteria);
    const queries = filters.flatMap((filter, index) => {
      const path = `criteria.extension[${index}]`;
      const text = typeof filter === 'string' ? filter : '';
      const mark = text.indexOf('?');
      if (mark >= 0 && text.slice(0, mark) !== topic.resource) {
        this.#wrong(path, `This topic is about ${topic.resource}, so its filters must be too: ${topic.resource}?parameter=value.`);
        return [];
      }
      return this.#query(path, topic.resource, text.slice(mark + 1));
    });
    return { topic, type: topic.resource, queries };
  }

  #search(criteria: string): Pick<Wish, 'type' | 'queries'> {
    const mark = criteria.indexOf('?');
    const type = mark < 0 ? criteria : criteria.slice(0, mark);
    if (!isResourceType(type) || NO_NEWS.includes(type)) {
      this.#wrong('criteria', `Must be the address of a topic that is offered, or a search such as Observation?code=http://loinc.org|72514-3${NO_NEWS.includes(type) ? `, but not of ${NO_NEWS.join(', ')}` : ''}.`);
      return { type: 'Basic', queries: [] };
    }
    return { type, queries: mark < 0 ? [] : this.#query('criteria', type, criteria.slice(mark + 1)) };
  }

  /** A search's conditions, if it is one; a filter without any condition would only look like one. */
  #query(path: string, type: ResourceType, text: string): string[] {
    try {
      const { criteria, includes, sort } = readQuery(type, new URLSearchParams(text), true);
      if (criteria.length === 0 || includes.length > 0 || sort.length > 0) this.#wrong(path, `Must be conditions of a search for ${type} and nothing else: parameter=value, joined by "&".`);
      return [text];
    } catch (error) {
      if (!(error instanceof CairnError)) throw error;
      const messages = error.issues.map((issue) => `${issue.path}: ${issue.message}`);
      this.#wrong(path, messages.length > 0 ? messages.join(' ') : error.message);
      return [];
    }
  }

  #content(isTopic: boolean): NotificationContent | undefined {
    const { payload, _payload } = this.resource.channel;
    const [wanted, ...more] = valuesOf(_payload.extension, EXTENSIONS.payloadContent);
    if (payload !== undefined && !FHIR_JSON.test(payload)) this.#wrong('channel.payload', 'Must be application/fhir+json, the only format that is offered.');
    if (!isTopic) return payload === undefined ? undefined : 'full-resource';
    if (payload === undefined) this.#wrong('channel.payload', 'Must be application/fhir+json.');
    const known = CONTENTS.find((each) => each === wanted);
    if (known === undefined || more.length > 0) this.#wrong('channel.payload', `Must say by the extension ${EXTENSIONS.payloadContent} how much to send: ${CONTENTS.join(', ')}.`);
    return known;
  }

  #number(name: string, url: string, { least, most }: { readonly least: number; readonly most: number }): number | undefined {
    const [value, ...more] = valuesOf(this.resource.channel.extension, url);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most && more.length === 0) return value;
    this.#wrong('channel.extension', `The extension backport-${name} must stand once and be from ${least} to ${most}.`);
    return undefined;
  }

  #wrong(path: string, message: string): void {
    this.issues.push({ path: `Subscription.${path}`, message });
  }
}
