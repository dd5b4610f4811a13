import { RealClock, newId, type Clock } from '@cairn/kernel';
import { OutsideFailure, cairnScope, noticesFor, retryAfterSeconds, type DueRow, type DueWork, type Keyring, type Logger, type OutsideHttp, type OutsideRequest, type Queryable } from '@cairn/platform';
import type { NotificationWriter, StatusFacts } from './notification.js';
import type { Batch, Claim, SendingClaims } from './sending-claims.js';
import type { Outcome, SendingOutcomes } from './sending-outcomes.js';
import { signatureHeaders } from './signature.js';
import { toldLabels } from './subscription-events.js';
import limits from './subscription-limits.json' with { type: 'json' };
import { sealing } from './subscription-secrets.js';
import type { SubscriptionTopics } from './topic.js';

/** What sending is made of. */
export interface SendingParts {
  readonly claims: SendingClaims;
  readonly outcomes: SendingOutcomes;
  readonly writer: NotificationWriter;
  readonly topics: SubscriptionTopics;
  readonly keyring: Keyring;
  readonly http: Pick<OutsideHttp, 'send'>;
  readonly logger: Logger;
}

const TYPES = { handshake: 'handshake', heartbeat: 'heartbeat', events: 'event-notification' } as const;

/** Sends what is due for a subscription, one notification after the other: the handshake, events in order, heartbeats. */
export class SubscriptionSendingWork implements DueWork {
  readonly name = 'fhir-subscription-sending';
  readonly lane = 'delivery';
  /** Receivers judge by it how fresh a message is: a demo's moved clock would make them refuse all. */
  readonly #realClock: Clock = new RealClock();

  constructor(private readonly parts: SendingParts) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; turn: string }>({
      name: 'fhir-subscription-due',
      text: `select clinic_id, id, claims || '@' || extract(epoch from due_at) as turn from fhir_subscription
        where due_at <= $1 and (claimed_until is null or claimed_until <= $1) order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.turn }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    for (let sent = 0; sent < limits.sendingsPerTurn; sent++) {
      const claim = await this.parts.claims.take(clinicId, id);
      if (!claim) return;
      const scope = cairnScope(clinicId, this.name, newId());
      const batch = claim.turn === 'events' ? await this.parts.claims.gather(scope, claim) : undefined;
      // What waited was out of the subscriber's sight; perhaps more waits behind it.
      if (claim.turn === 'events' && !batch) continue;
      const outcome = await this.#send(claim, batch);
      if (!(await this.parts.outcomes.record(clinicId, claim, batch, outcome))) return;
    }
  }

  async #send(claim: Claim, batch: Batch | undefined): Promise<Outcome> {
    // R4 knows neither handshakes nor heartbeats: a plain subscription begins when the server takes it on.
    if (!claim.wish.topic && claim.turn !== 'events') return { arrived: true };
    try {
      const { status, headers } = await this.parts.http.send(this.#message(claim, batch));
      if (status >= 200 && status < 300) return { arrived: true };
      const retryAfter = retryAfterSeconds(headers['retry-after'], this.#realClock.now());
      return { arrived: false, problem: problemOf(status), final: status === 410, ...(retryAfter === undefined ? {} : { retryAfter }) };
    } catch (error) {
      if (error instanceof OutsideFailure) return { arrived: false, problem: error.message };
      this.parts.logger.error({ event: 'fhir-subscription.failed', subscription: claim.row.id, error });
      return { arrived: false, problem: 'The notification could not be made.' };
    }
  }

  #message({ row, wish, turn }: Claim, batch: Batch | undefined): OutsideRequest {
    const at = this.#realClock.now();
    const { keyring, topics, writer } = this.parts;
    const seal = sealing(keyring, row.id);
    const plain = wish.topic ? undefined : (batch?.told.find(({ focus }) => focus)?.focus);
    const body = wish.topic ? writer.bundle(this.#facts(row, topics.canonicalOf(wish.topic), turn), batch?.told ?? [], wish.content ?? 'empty', at) : wish.content && plain ? plain.json : '';
    const id = `${row.id}_${turn}_${batch ? `${row.delivered + 1}-${batch.to}` : `${row.events}-${newId()}`}`;
    const own = Object.fromEntries(seal.openHeaders(row.sealedHeaders).map(({ name, value }) => [name.toLowerCase(), value]));
    const signature = signatureHeaders({ id, at, body }, seal.openSecrets(row, at));
    // R4 subscription.html, rest-hook: with a payload, the resource is put below the endpoint as an update; without one, the endpoint is only rung.
    const target = plain && wish.content ? { method: 'PUT' as const, url: `${wish.endpoint.replace(/\/$/, '')}/${plain.type}/${plain.id}` } : { method: 'POST' as const, url: wish.endpoint };
    const type: Record<string, string> = body === '' ? {} : { 'content-type': 'application/fhir+json' };
    const notices = wish.content === 'empty' || !wish.content ? [] : noticesFor(toldLabels(batch?.told ?? []));
    const notice: Record<string, string> = notices.length === 0 ? {} : { 'x-confidentiality-notice': notices.join(' ') };
    return { ...target, headers: { ...own, ...type, ...notice, ...signature }, body, seconds: wish.timeoutSeconds };
  }

  #facts({ id, state, events }: Claim['row'], topic: string, turn: Claim['turn']): StatusFacts {
    return { subscriptionId: id, topic, state, type: TYPES[turn], events, problems: [] };
  }
}

/** What an answer that is no success means, in a sentence that quotes nothing of it. */
function problemOf(status: number): string {
  if (status === 410) return 'The endpoint says that it is gone (410).';
  if (status >= 300 && status < 400) return `The endpoint leads elsewhere (${status}), and redirects are not followed. Name the address it leads to.`;
  if (status === 401 || status === 403) return `The endpoint refused the notification (${status}). Its channel.header may no longer hold.`;
  return `The endpoint answered ${status}.`;
}
