import type { Scope, Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { SubscriptionState } from './backport.js';

/** How a subscription is doing: everything but what it asks for, which the resource says. */
export interface SubscriptionRow {
  readonly id: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly connectionId: string | null;
  /** The scopes of the token by which it was last written. */
  readonly scopes: readonly string[];
  readonly state: SubscriptionState;
  readonly resourceType: ResourceType;
  readonly sealedHeaders: string | null;
  readonly sealedSecret: string;
  readonly sealedFormerSecret: string | null;
  readonly formerSecretUntil: Date | null;
  readonly endsAt: Date | null;
  /** The number of the newest event. */
  readonly events: number;
  /** Up to which number all was delivered, or given up. */
  readonly delivered: number;
  /** Up to which number everything that waits was found out of the subscriber's sight. */
  readonly weighed: number;
  /** Up to which number the notification goes that is being tried; null between notifications. */
  readonly batchTo: number | null;
  /** Failed tries of what is being tried. */
  readonly attempts: number;
  /** Tells one turn of sending from another. */
  readonly claims: number;
  readonly dueAt: Date | null;
  readonly claimedUntil: Date | null;
  readonly lastSentAt: Date | null;
  readonly problem: string | null;
  readonly failedAt: Date | null;
}

const COLUMNS = `s.id, s.client_id as "clientId", s.client_name as "clientName", s.connection_id as "connectionId", s.scopes, s.state,
  s.resource_type as "resourceType", s.sealed_headers as "sealedHeaders", s.sealed_secret as "sealedSecret", s.sealed_former_secret as "sealedFormerSecret",
  s.former_secret_until as "formerSecretUntil", s.ends_at as "endsAt", s.events::float8 as events, s.delivered::float8 as delivered, s.weighed::float8 as weighed,
  s.batch_to::float8 as "batchTo", s.attempts, s.claims, s.due_at as "dueAt", s.claimed_until as "claimedUntil", s.last_sent_at as "lastSentAt", s.problem,
  s.failed_at as "failedAt"`;

/** Its JSON as it is stored, with how it is doing. */
export interface KeptSubscription extends SubscriptionRow {
  readonly json: string;
}

/** One subscription that the actor may see; with `lock`, nobody else changes how it is doing until the transaction ends. */
export async function readRow(tx: Tx, id: string, lock?: 'wait' | 'skip'): Promise<SubscriptionRow | undefined> {
  const [row] = await tx.query<SubscriptionRow & { id: string }>({
    name: `fhir-subscription-row-${lock ?? 'read'}`,
    text: `select ${COLUMNS} from fhir_subscription s where s.clinic_id = $1 and s.id = $2 ${lock === undefined ? '' : lock === 'wait' ? 'for update' : 'for update skip locked'}`,
    values: [tx.scope.clinicId, id],
  });
  return row;
}

/** The subscriptions that want to hear of any of these types, with what they ask for. */
export async function interestedIn(tx: Tx, types: readonly string[]): Promise<KeptSubscription[]> {
  return tx.query<KeptSubscription>({
    name: 'fhir-subscription-interested',
    text: `select ${COLUMNS}, r.body as json from fhir_subscription s
      join fhir_resource r on r.clinic_id = s.clinic_id and r.resource_type = 'Subscription' and r.id = s.id and r.method <> 'DELETE'
      where s.clinic_id = $1 and exists (select from fhir_subscription_interest i where i.clinic_id = s.clinic_id and i.resource_type = any($2) and i.subscription_id = s.id)
      order by s.id`,
    values: [tx.scope.clinicId, types],
  });
}

/** The subscriptions of these ids, or all that the actor may see; at most `limit`, by id. */
export async function visibleRows(tx: Tx, ids: readonly string[] | undefined, limit: number): Promise<KeptSubscription[]> {
  return tx.query<KeptSubscription>({
    name: 'fhir-subscription-visible',
    text: `select ${COLUMNS}, r.body as json from fhir_subscription s
      join fhir_resource r on r.clinic_id = s.clinic_id and r.resource_type = 'Subscription' and r.id = s.id and r.method <> 'DELETE'
      where s.clinic_id = $1 and ($2::text[] is null or s.id = any($2)) order by s.id limit $3`,
    values: [tx.scope.clinicId, ids ?? null, limit],
  });
}

/** Takes part in what each write looks at: from the commit on, changes of the type are news. Replaces an earlier interest. */
export async function setInterest(tx: Tx, id: string, type: ResourceType | undefined): Promise<void> {
  const { clinicId } = tx.scope;
  await tx.query('delete from fhir_subscription_interest where clinic_id = $1 and subscription_id = $2', [clinicId, id]);
  if (type) await tx.query('insert into fhir_subscription_interest (clinic_id, resource_type, subscription_id) values ($1, $2, $3)', [clinicId, type, id]);
}

/** Whether changes are news to the subscription: not before its first handshake, and not once it is off. */
export async function isHeard(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query('select 1 from fhir_subscription_interest where clinic_id = $1 and subscription_id = $2', [tx.scope.clinicId, id]);
  return rows.length > 0;
}

/** Sets columns of a subscription's row; undefined values are left as they are. */
export async function updateRow(tx: Tx, id: string, columns: Readonly<Partial<Record<RowColumn, unknown>>>): Promise<void> {
  const entries = Object.entries(columns).filter(([, value]) => value !== undefined);
  const set = entries.map(([name], index) => `${name} = $${index + 3}`).join(', ');
  await tx.query(`update fhir_subscription set ${set} where clinic_id = $1 and id = $2`, [tx.scope.clinicId, id, ...entries.map(([, value]) => value)]);
}

type RowColumn =
  | 'subscriber' | 'client_id' | 'client_name' | 'scopes' | 'state' | 'resource_type' | 'topic' | 'host' | 'sealed_headers' | 'sealed_secret' | 'sealed_former_secret'
  | 'former_secret_until' | 'ends_at' | 'delivered' | 'weighed' | 'batch_to' | 'attempts' | 'claims' | 'due_at' | 'claimed_until' | 'last_sent_at' | 'problem' | 'failed_at';

/** The scope in which a subscriber's eyes see: its connection, and those of its scopes that it still holds. */
export const subscriberScope = ({ clinicId, correlationId }: Scope, { clientId, clientName, connectionId }: SubscriptionRow, scopes: readonly string[]): Scope => ({
  clinicId,
  correlationId,
  actor: { kind: 'system', id: clientId, name: clientName, connectionId, scopes },
});
