import { CairnError, forbidden } from '@cairn/kernel';
import type { Keyring, OutsideHttp, SystemActor, Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import { z } from 'zod';
import { AccessPolicy } from '../access/access-policy.js';
import { amendText } from '../lossless/amend-text.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { placed } from '../interactions/write-request.js';
import type { Search } from '../search/search.js';
import type { Change } from '../store/write-resources.js';
import { isDeleted } from '../store/stored-version.js';
import { readHeaders, shownHeaders } from './channel-headers.js';
import { newSecret } from './signature.js';
import { sealing } from './subscription-secrets.js';
import { readWish, refused, type Wish } from './subscription-content.js';
import { isHeard, readRow, setInterest, updateRow, type SubscriptionRow } from './subscription-row.js';
import { SubscriberSight } from './subscriber-sight.js';
import type { SubscriptionTopics } from './topic.js';

/** What admission looks to. */
export interface AdmissionParts {
  readonly topics: SubscriptionTopics;
  readonly search: Search;
  readonly keyring: Keyring;
  readonly http: Pick<OutsideHttp, 'checkUrl'>;
  /** How many subscriptions one client may have that are not off. */
  readonly mostPerClient: number;
}

const sent = z.object({ status: z.string(), channel: z.object({ header: z.array(z.string()).optional() }) });

/**
 * Judges what systems write of Subscriptions before it is stored, and keeps account of them. A Subscription is its system's wish; its status is the server's,
 * so a system may only ask (`requested`) or end (`off`). Values of headers never reach the store: they are sealed beside it.
 */
export class SubscriptionAdmission {
  constructor(private readonly parts: AdmissionParts) {}

  /**
   * The change of a Subscription as it is to be stored. Refuses with 422 what can't be done, with 403 who may not read what is asked for.
   *
   * @param path where the resource stands in the request's body
   */
  async admit(tx: Tx, change: Change, path: string): Promise<Change> {
    try {
      return await this.#admit(tx, change);
    } catch (error) {
      throw placed(path, error);
    }
  }

  async #admit(tx: Tx, change: Change): Promise<Change> {
    const { actor } = tx.scope;
    if (actor.kind !== 'system') throw forbidden('Subscriptions belong to systems: ask with a token of a client.', { code: 'systems-only' });
    const isNew = !change.previous || isDeleted(change.previous);
    const row = isNew ? undefined : await readRow(tx, change.id, 'wait');
    if (!change.content) {
      if (row) await this.#forget(tx, row);
      return change;
    }
    const { status, channel } = sent.parse(change.content.value);
    if (status !== 'requested' && status !== 'off') {
      throw refused([{ path: 'Subscription.status', message: 'Is the server\'s. Send requested, to begin or to begin anew, or off, to end.' }]);
    }
    const wish = readWish(change.content.value, this.parts.topics);
    const url = this.parts.http.checkUrl(wish.endpoint, 'Subscription.channel.endpoint');
    if (wish.end && wish.end <= tx.clock.now()) throw refused([{ path: 'Subscription.end', message: 'Must lie in the future.' }]);
    await this.#demandReadable(tx, actor, wish);
    const seal = sealing(this.parts.keyring, change.id);
    const { headers, issues } = readHeaders(channel.header ?? [], seal.openHeaders(row?.sealedHeaders ?? null));
    if (issues.length > 0) throw refused(issues);
    const facts: Facts = {
      subscriber: `system:${actor.id}`,
      client_id: actor.id,
      client_name: actor.name,
      scopes: actor.scopes,
      state: status === 'off' ? 'off' : 'requested',
      resource_type: wish.type,
      topic: wish.topic?.name ?? null,
      host: url.host,
      sealed_headers: headers.length > 0 ? seal.seal(JSON.stringify(headers)) : null,
      ends_at: wish.end ?? null,
      due_at: status === 'requested' ? tx.clock.now() : null,
    };
    if (row) await this.#renew(tx, row, wish, facts);
    else await this.#begin(tx, change.id, { ...facts, sealed_secret: seal.seal(newSecret()) }, actor);
    if (status === 'requested') await tx.ring();
    return { ...change, content: shown(change.content, shownHeaders(headers)) };
  }

  /** Refuses who may read nothing of the type, and criteria whose values a search would refuse. */
  async #demandReadable(tx: Tx, actor: SystemActor, { type, queries }: Wish): Promise<void> {
    const policy = AccessPolicy.for(actor);
    if (!policy.allows('s', type)) policy.demand('r', type);
    try {
      await new SubscriberSight(tx, this.parts.search, policy).meeting({ type, queries }, []);
    } catch (error) {
      if (!(error instanceof CairnError) || error.kind !== 'invalid') throw error;
      throw refused(error.issues.map(({ path, message }) => ({ path: 'Subscription.criteria', message: `${path}: ${message}` })));
    }
  }

  async #begin(tx: Tx, id: string, facts: Facts & { readonly sealed_secret: string }, actor: SystemActor): Promise<void> {
    const { clinicId } = tx.scope;
    const [{ count } = { count: 0 }] = await tx.query<{ count: number }>({
      name: 'fhir-subscription-count',
      text: `select count(*)::int as count from fhir_subscription where clinic_id = $1 and subscriber = $2 and state <> 'off'`,
      values: [clinicId, facts.subscriber],
    });
    if (count >= this.parts.mostPerClient) {
      throw refused([{ path: 'Subscription', message: `A client may have ${this.parts.mostPerClient} subscriptions. Turn off those that are no longer needed.` }]);
    }
    const columns = { ...facts, connection_id: actor.connectionId, made_at: tx.clock.now() };
    const names = Object.keys(columns);
    await tx.query(`insert into fhir_subscription (clinic_id, id, ${names.join(', ')}) values ($1, $2, ${names.map((_name, index) => `$${index + 3}`).join(', ')})`, [
      clinicId,
      id,
      ...Object.values(columns),
    ]);
  }

  /** What was recorded stays, and numbers go on: what happens until the new handshake is recorded too. Only who turns it off gives up what waits. */
  async #renew(tx: Tx, row: SubscriptionRow, { type }: Wish, facts: Facts): Promise<void> {
    const off = facts.state === 'off';
    await updateRow(tx, row.id, { ...facts, claims: row.claims + 1, batch_to: null, attempts: 0, claimed_until: null, problem: null, failed_at: null, ...(off ? { delivered: row.events } : {}) });
    if (off) await setInterest(tx, row.id, undefined);
    else if (await isHeard(tx, row.id)) await setInterest(tx, row.id, type);
  }

  async #forget(tx: Tx, { id, events }: SubscriptionRow): Promise<void> {
    await setInterest(tx, id, undefined);
    await tx.query('delete from fhir_subscription_event where clinic_id = $1 and subscription_id = $2', [tx.scope.clinicId, id]);
    await updateRow(tx, id, { state: 'off', due_at: null, claimed_until: null, delivered: events, sealed_headers: null, sealed_secret: '', sealed_former_secret: null });
  }
}

/** What a system's write says, as columns of the account. */
interface Facts {
  readonly subscriber: string;
  readonly client_id: string;
  readonly client_name: string;
  readonly scopes: readonly string[];
  readonly state: 'requested' | 'off';
  readonly resource_type: ResourceType;
  readonly topic: string | null;
  readonly host: string;
  readonly sealed_headers: string | null;
  readonly ends_at: Date | null;
  readonly due_at: Date | null;
}

/** The resource without values of headers, and without an error that a client sent back: both are the server's. */
function shown({ json, value }: JsonObject, header: readonly string[]): JsonObject {
  const { error: _error, ...rest } = value;
  const channel = header.length > 0 ? { ...(value['channel'] as object), header } : value['channel'];
  return readObject(amendText(json, value, { ...rest, channel }));
}
