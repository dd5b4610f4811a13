import { evalFhirPathTyped, toTypedValue, type TypedValue } from '@medplum/core';
import type { Resource, ResourceType } from '@medplum/fhirtypes';
import { z } from 'zod';
import { isResourceType } from '../definitions/structures.js';

/** What one may subscribe to: a kind of change to a kind of resource, as R5's SubscriptionTopic.resourceTrigger says it. */
export interface SubscriptionTopic {
  /** The last part of its canonical address. */
  readonly name: string;
  readonly title: string;
  readonly resource: ResourceType;
  readonly supportedInteraction: readonly ('create' | 'update')[];
  /** FHIRPath over `%previous` (empty for a creation) and `%current` that must be true; absent where every such interaction counts. */
  readonly fhirPathCriteria?: string | undefined;
}

/** One write of a resource, before and after. */
export interface ResourceStep {
  readonly previous?: Resource;
  readonly current: Resource;
}

const topicList = z.object({
  topics: z.array(
    z.object({
      name: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
      title: z.string(),
      resource: z.string().refine(isResourceType),
      supportedInteraction: z.array(z.enum(['create', 'update'])).min(1),
      fhirPathCriteria: z.string().optional(),
    }),
  ),
});

/** Reads topics that stand in a data file. Throws at boot when the file is wrong. */
export function readTopics(data: unknown): SubscriptionTopic[] {
  return topicList.parse(data).topics;
}

/** Whether the step is what the topic is about. Filters of a subscriber are another matter. */
export function isTriggered({ supportedInteraction, fhirPathCriteria }: Pick<SubscriptionTopic, 'supportedInteraction' | 'fhirPathCriteria'>, { previous, current }: ResourceStep): boolean {
  if (!supportedInteraction.includes(previous ? 'update' : 'create')) return false;
  if (fhirPathCriteria === undefined) return true;
  const typed = toTypedValue(current);
  const nothing: TypedValue = { type: 'BackboneElement', value: undefined };
  const result = evalFhirPathTyped(fhirPathCriteria, [typed], { '%current': typed, '%previous': previous ? toTypedValue(previous) : nothing });
  return result.length === 1 && result[0]?.value === true;
}

/** The topic that a stored Subscription names; undefined for one of plain R4, and where the topic is no longer offered. */
export const topicIn = (json: string, topics: SubscriptionTopics): SubscriptionTopic | undefined => topics.find(z.object({ criteria: z.string() }).parse(JSON.parse(json)).criteria);

/** The topics that are offered. Features register theirs when their module starts; the CapabilityStatement lists them. */
export class SubscriptionTopics {
  readonly #byName = new Map<string, SubscriptionTopic>();

  /** @param base this server's FHIR address, without a slash at its end */
  constructor(private readonly base: string) {}

  /** Refuses a second topic of the same name. */
  register(topic: SubscriptionTopic): void {
    if (this.#byName.has(topic.name)) throw new Error(`The subscription topic ${topic.name} is registered twice.`);
    this.#byName.set(topic.name, topic);
  }

  /** The address that stands for a topic. */
  canonicalOf({ name }: Pick<SubscriptionTopic, 'name'>): string {
    return `${this.base}/SubscriptionTopic/${name}`;
  }

  /** The topic of an address; undefined where no topic is offered under it. */
  find(canonical: string): SubscriptionTopic | undefined {
    const prefix = this.canonicalOf({ name: '' });
    return canonical.startsWith(prefix) ? this.#byName.get(canonical.slice(prefix.length)) : undefined;
  }

  /** The addresses of all topics. */
  get canonicals(): string[] {
    return [...this.#byName.values()].map((topic) => this.canonicalOf(topic));
  }
}
