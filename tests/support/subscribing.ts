import type { Subscription } from '@medplum/fhirtypes';
import { eventually } from './eventually.js';
import type { FhirClient } from './fhir-client.js';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

/** What a test subscribes to. */
export interface SubscriptionWish {
  readonly topic: string;
  readonly endpoint: string;
  readonly content?: string;
  readonly filters?: readonly string[];
  readonly channel?: readonly { readonly name: 'heartbeat-period' | 'timeout' | 'max-count'; readonly value: number }[];
  readonly header?: string[];
  readonly end?: string;
}

/** A topic-based Subscription as Subscriptions R5 Backport asks for it. */
export function topicSubscription({ topic, endpoint, content = 'id-only', filters = [], channel = [], header, end }: SubscriptionWish): Subscription {
  const extended = {
    _criteria: { extension: filters.map((valueString) => ({ url: `${BACKPORT}/backport-filter-criteria`, valueString })) },
    channel: {
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: content }] },
      ...(channel.length > 0
        ? { extension: channel.map(({ name, value }) => ({ url: `${BACKPORT}/backport-${name}`, ...(name === 'max-count' ? { valuePositiveInt: value } : { valueUnsignedInt: value }) })) }
        : {}),
      ...(header ? { header } : {}),
    },
  } as const;
  const { _criteria, ...rest } = extended;
  return { resourceType: 'Subscription', status: 'requested', reason: 'To know what becomes of our patients', criteria: topic, ...(end ? { end } : {}), ...(filters.length > 0 ? { _criteria } : {}), ...rest };
}

/** Waits until a subscription has this status, and returns it. */
export const untilStatus = (client: FhirClient, id: string, status: Subscription['status']): Promise<Subscription> =>
  eventually(`Subscription/${id} is ${status}`, async () => {
    const { body } = await client.get<Subscription>(`/Subscription/${id}`);
    return body.status === status ? body : undefined;
  });
