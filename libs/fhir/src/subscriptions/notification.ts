import { newId } from '@cairn/kernel';
import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { PROFILES, type NotificationContent, type SubscriptionState } from './backport.js';

/** What a status tells of: `handshake`, `heartbeat` and `event-notification` are sent, the others are answers. */
type NotificationType = 'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

/** The version of a resource that an event is about, as far as the subscriber may see it. */
export interface Focus {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: Date;
  /** Its security labels and those of its patients, as bits. */
  readonly labels: number;
  /** Its JSON as it is stored. */
  readonly json: string;
}

/** One event as it is told. Without a focus it is a bare number: the resource is gone, or out of the subscriber's sight. */
export interface ToldEvent {
  readonly number: number;
  readonly occurredAt: Date;
  readonly interaction: 'create' | 'update';
  readonly focus?: Focus;
}

/** What the status of a subscription says. */
export interface StatusFacts {
  readonly subscriptionId: string;
  /** The topic's address; absent for a plain R4 subscription. */
  readonly topic?: string;
  readonly state: SubscriptionState;
  readonly type: NotificationType;
  /** How many events there were since the subscription began. */
  readonly events: number;
  readonly problems: readonly string[];
}

/** Writes notifications as Subscriptions R5 Backport 1.1 asks for in R4. Resources go out as the text they are stored as. */
export class NotificationWriter {
  /** @param base this server's FHIR address, without a slash at its end */
  constructor(private readonly base: string) {}

  /** The status of a subscription with the events that are told, by R4's profile of Parameters. */
  status(facts: StatusFacts, told: readonly ToldEvent[] = [], content: NotificationContent = 'empty'): Parameters & { id: string } {
    const { subscriptionId, topic, state, type, events, problems } = facts;
    return {
      resourceType: 'Parameters',
      id: newId(),
      meta: { profile: [PROFILES.status] },
      parameter: [
        { name: 'subscription', valueReference: { reference: `${this.base}/Subscription/${subscriptionId}` } },
        // An empty notification is not to tell even what it is about.
        ...(topic === undefined || (content === 'empty' && told.length > 0) ? [] : [{ name: 'topic', valueCanonical: topic }]),
        { name: 'status', valueCode: state },
        { name: 'type', valueCode: type },
        { name: 'events-since-subscription-start', valueString: String(events) },
        ...told.map((event) => this.#event(event, content)),
        ...problems.map((text) => ({ name: 'error', valueCodeableConcept: { text } })),
      ],
    };
  }

  /** A notification, or an answer that has the form of one, as JSON. */
  bundle(facts: StatusFacts, told: readonly ToldEvent[], content: NotificationContent, at: Date): string {
    const status = this.status(facts, told, content);
    const first = {
      fullUrl: `urn:uuid:${status.id}`,
      resource: status,
      request: { method: 'GET', url: `${this.base}/Subscription/${facts.subscriptionId}/$status` },
      response: { status: '200' },
    };
    const entries = [JSON.stringify(first), ...(content === 'full-resource' ? told.flatMap((event) => this.#entry(event)) : [])];
    const head = JSON.stringify({ resourceType: 'Bundle', id: newId(), meta: { profile: [PROFILES.notification] }, type: 'history', timestamp: at.toISOString() });
    return `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`;
  }

  #event({ number, occurredAt, focus }: ToldEvent, content: NotificationContent): ParametersParameter {
    return {
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: String(number) },
        { name: 'timestamp', valueInstant: occurredAt.toISOString() },
        ...(focus && content !== 'empty' ? [{ name: 'focus', valueReference: { reference: this.#address(focus) } }] : []),
      ],
    };
  }

  #entry({ interaction, focus }: ToldEvent): string[] {
    if (!focus) return [];
    const { type, id, version, lastUpdated, json } = focus;
    const created = interaction === 'create';
    const request = { method: created ? 'POST' : 'PUT', url: created ? type : `${type}/${id}` };
    const response = { status: created ? '201' : '200', etag: `W/"${version}"`, lastModified: lastUpdated.toISOString() };
    return [`{"fullUrl":${JSON.stringify(this.#address(focus))},"resource":${json},"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}}`];
  }

  #address({ type, id }: Focus): string {
    return `${this.base}/${type}/${id}`;
  }
}
