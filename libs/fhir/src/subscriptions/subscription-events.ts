import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { Search } from '../search/search.js';
import { nameOf, readVersion } from '../store/stored-version.js';
import type { Focus, ToldEvent } from './notification.js';
import { SubscriberSight } from './subscriber-sight.js';
import type { ResourceType } from '@medplum/fhirtypes';

/** An event as it is kept: what happened to which version. */
export interface KeptEvent {
  readonly number: number;
  readonly occurredAt: Date;
  readonly type: ResourceType;
  readonly id: string;
  readonly version: number;
  readonly interaction: 'create' | 'update';
  /** When it was given up; null unless it was. */
  readonly deadAt: Date | null;
}

/** The events of a subscription from one number to another, in order, at most `limit`. */
export async function readEvents(tx: Tx, subscriptionId: string, { from, to }: { readonly from: number; readonly to: number }, limit: number): Promise<KeptEvent[]> {
  return tx.query<KeptEvent>({
    name: 'fhir-subscription-events',
    text: `select number::float8 as number, occurred_at as "occurredAt", resource_type as type, resource_id as id, version, interaction, dead_at as "deadAt"
      from fhir_subscription_event where clinic_id = $1 and subscription_id = $2 and number >= $3 and number <= $4 order by number limit $5`,
    values: [tx.scope.clinicId, subscriptionId, from, to, limit],
  });
}

/** How events can be told to whom. */
export interface Telling {
  readonly search: Search;
  readonly policy: AccessPolicy;
  /** Whether whole resources are wanted, each as it was when its event happened. */
  readonly whole: boolean;
}

/**
 * The events as the actor of the transaction may hear of them now. What the actor may no longer see, or what is deleted, is left a bare number: the resource's
 * present version decides, so that what was restricted since is not told in an older version either.
 */
export async function tellEvents(tx: Tx, events: readonly KeptEvent[], { search, policy, whole }: Telling): Promise<{ readonly told: ToldEvent[]; readonly patients: string[] }> {
  const seen = new Map<string, Focus>();
  const patients = new Set<string>();
  for (const type of new Set(events.map((event) => event.type))) {
    const ids = [...new Set(events.filter((event) => event.type === type).map(({ id }) => id))];
    const visible = await new SubscriberSight(tx, search, policy).meeting({ type, queries: [] }, ids);
    for (const event of events.filter((each) => each.type === type)) {
      const current = visible.get(event.id);
      if (!current) continue;
      const version = !whole || current.version === event.version ? current : await readVersion(tx, type, event.id, event.version);
      if (!version) continue;
      seen.set(keyOf(event), { ...version, version: event.version });
      for (const patient of [...current.patientIds, ...version.patientIds]) patients.add(patient);
    }
  }
  const told = events.map((event): ToldEvent => {
    const { number, occurredAt, interaction } = event;
    const focus = seen.get(keyOf(event));
    return { number, occurredAt, interaction, ...(focus ? { focus } : {}) };
  });
  return { told, patients: [...patients] };
}

const keyOf = (event: KeptEvent): string => `${nameOf(event)}/${event.version}`;

/** The labels of what is told, as bits. */
export const toldLabels = (told: readonly ToldEvent[]): number => told.reduce((bits, { focus }) => bits | (focus?.labels ?? 0), 0);

/** Names of the resources that are told of, once each. */
export const toldNames = (told: readonly ToldEvent[]): string[] => [...new Set(told.flatMap(({ focus }) => (focus ? [nameOf(focus)] : [])))];
