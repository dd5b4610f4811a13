import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@cairn/kernel';
import { cairnScope, edgeError, type EdgeError, type Keyring, type Logger, type Scope, type SystemActor, type Transactions, type Tx } from '@cairn/platform';
import type { SentRequest } from '../http/sent-request.js';
import { TASK_COLUMNS, type RefusedWriteTaskFacts, type RefusedWriteTasks } from './refused-write-tasks.js';
import rules from './refused-writes.json' with { type: 'json' };
import { sealRequest, type KeptRequest } from './sealed-request.js';
import { toldOutcome } from './told-outcome.js';
import { isRefusal, mayCarryReferral, targetOf } from './worth-keeping.js';

const DAY_MS = 86_400_000;

/** Keeps what known systems sent and were refused, where it may have carried a referral, until somebody has looked at it. */
export class RefusedWrites {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyring: Keyring,
    private readonly tasks: RefusedWriteTasks,
    private readonly logger: Logger,
  ) {}

  /**
   * Keeps the request, if its refusal is to be kept, in a transaction of its own: that of the request is undone. Never throws, and holds up
   * the answer for a second at most, past which keeping goes on behind it; what can't be kept is logged.
   */
  async keep(scope: Scope, request: SentRequest, thrown: unknown): Promise<void> {
    const { actor, correlationId } = scope;
    const error = edgeError(thrown);
    if (actor.kind !== 'system' || !isRefusal(error.status) || !mayCarryReferral(request) || !Buffer.isBuffer(request.body)) return;
    const written = this.#write(scope, actor, beginningOf({ ...request, body: request.body }), error).catch((failure: unknown) => {
      this.logger.error({ event: 'refused-write.not-kept', correlationId, error: failure });
    });
    const late = new AbortController();
    const patience = pause(rules.waitMs, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
    await Promise.race([written, patience]);
    late.abort();
  }

  async #write({ clinicId, correlationId }: Scope, client: SystemActor, request: KeptRequest, error: EdgeError): Promise<void> {
    const outcome = JSON.stringify(toldOutcome(error, correlationId, request));
    const fingerprint = this.#fingerprint(request);
    await this.transactions.run(cairnScope(clinicId, 'refused-writes', correlationId), async (tx) => {
      const now = tx.clock.now();
      const purgeAt = new Date(now.getTime() + rules.retentionDays * DAY_MS);
      const counted = await tx.query({
        name: 'refused-write-again',
        text: `update refused_write set times = times + 1, last_at = $4, purge_at = $5,
            status = case state when 'kept' then $6 else status end, outcome = case state when 'kept' then $7 else outcome end
          where clinic_id = $1 and client_id = $2 and fingerprint = $3 returning id`,
        values: [clinicId, client.id, fingerprint, now, purgeAt, error.status, outcome],
      });
      if (counted.length > 0) return;
      const id = newId();
      const [row] = await tx.query<{ id: string }>({
        name: 'refused-write-keep',
        text: `insert into refused_write (clinic_id, id, client_id, client_name, connection_id, method, target, fingerprint, sealed_request, bytes, status, outcome, first_at, last_at, purge_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)
          on conflict (clinic_id, client_id, fingerprint) do update set times = refused_write.times + 1, last_at = excluded.last_at returning id`,
        values: [clinicId, id, client.id, client.name, client.connectionId, request.method, targetOf(request.url), fingerprint, sealRequest(this.keyring, id, request), request.body.length, error.status, outcome, now, purgeAt],
      });
      // Another may have kept the same at this moment.
      if (row?.id === id) await this.tasks.follow(tx, id);
      await this.#makeRoom(tx, client.id);
    });
  }

  /** Drops what goes beyond the client's room: first what somebody has decided about, then the oldest. */
  async #makeRoom(tx: Tx, clientId: string): Promise<void> {
    const dropped = await tx.query<RefusedWriteTaskFacts & { id: string }>({
      name: 'refused-write-room',
      text: `delete from refused_write r using (
          select id, row_number() over newest as nth, sum(bytes) over newest as filled from refused_write where clinic_id = $1 and client_id = $2
          window newest as (order by state = 'kept' desc, last_at desc, id desc)) ranked
        where r.clinic_id = $1 and r.id = ranked.id and (nth > $3 or (nth > 1 and filled > $4)) returning ${TASK_COLUMNS.split(', ').map((column) => `r.${column}`).join(', ')}`,
      values: [tx.scope.clinicId, clientId, rules.perClient.requests, rules.perClient.bytes],
    });
    await this.tasks.close(tx, dropped);
    const unseen = dropped.filter(({ state }) => state === 'kept').length;
    if (unseen > 0) this.logger.warn({ event: 'refused-write.dropped', correlationId: tx.scope.correlationId, count: unseen });
  }

  /** Tells equal requests without telling what is in them: a bare hash of a body could be guessed. */
  #fingerprint({ method, url, body }: KeptRequest): string {
    return this.keyring.sign(createHash('sha256').update(`${method}\n${url}\n`).update(body).digest('hex'), 'refused-write');
  }
}

/** What is kept of a request whose body could not be read to its end. */
const beginningOf = (request: KeptRequest): KeptRequest => (request.isCut ? { ...request, body: request.body.subarray(0, rules.bodyBytes) } : request);
