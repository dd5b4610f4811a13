import { conflict } from '@cairn/kernel';
import { audit, edgeError, type Clients, type Keyring, type Scope, type Transactions } from '@cairn/platform';
import type { FhirRouter } from '../http/fhir-router.js';
import { readSent } from '../http/sent-request.js';
import type { JsonLimits } from '../lossless/json-limits.js';
import { deciderOf, demandOpen, entityOf } from './refused-write-desk.js';
import type { RefusedWriteTasks } from './refused-write-tasks.js';
import type { ReplayResult } from './refused-write-view.js';
import rules from './refused-writes.json' with { type: 'json' };
import { openRequest, type KeptRequest } from './sealed-request.js';
import { toldOutcome } from './told-outcome.js';
import { isRefusal } from './worth-keeping.js';

export interface ReplayGround {
  readonly transactions: Transactions;
  readonly keyring: Keyring;
  readonly clients: Clients;
  readonly router: FhirRouter;
  readonly tasks: RefusedWriteTasks;
  readonly base: string;
  readonly limits: JsonLimits;
}

/** What came of it: it went through, or was refused anew. */
type Replayed = ReplayResult | { readonly status: number; readonly refusal: string };

/** Does again what was refused, as the client that sent it: with its connection, its scopes and its level of validation as they are registered now. */
export class RefusedWriteReplay {
  constructor(private readonly ground: ReplayGround) {}

  /**
   * Sends the request through the FHIR interface once more. Whether it goes through or is refused anew is written to the row. Refuses with
   * 409 what was decided about or is being replayed, what came from a client that is no longer registered,
   * and what could be kept only in part.
   *
   * The row is claimed first, so that of two who replay it at once one is refused. A process that dies between the write and the mark leaves
   * it to be replayed again after the claim's end.
   */
  async replay(scope: Scope, id: string, reason: string): Promise<void> {
    const { clientId, sealed } = await this.#claim(scope, id);
    const answer = await this.#send(scope, clientId, openRequest(this.ground.keyring, id, sealed)).catch(async (error: unknown) => {
      await this.#release(scope, id);
      throw error;
    });
    await this.#mark(scope, id, reason, answer);
  }

  async #claim(scope: Scope, id: string): Promise<{ clientId: string; sealed: string }> {
    return this.ground.transactions.run(scope, async (tx) => {
      const row = await demandOpen(tx, id);
      const until = new Date(tx.clock.now().getTime() + rules.replayLeaseSeconds * 1000);
      await tx.query({ name: 'refused-write-claim', text: 'update refused_write set replaying_until = $3 where clinic_id = $1 and id = $2', values: [scope.clinicId, id, until] });
      return row;
    });
  }

  async #send(scope: Scope, clientId: string, request: KeptRequest): Promise<Replayed> {
    if (request.isCut) throw conflict('Only the beginning of the body was kept. Ask the sender for it, register the referral by hand, and dismiss this.', { code: 'refused-write.cut' });
    const { clients, router, base, limits } = this.ground;
    const client = await clients.find(clientId);
    if (client?.clinicId !== scope.clinicId) throw conflict('The client that sent this is not registered, or is disabled.', { code: 'refused-write.client-gone' });
    const { connectionId, scopes, name, validation } = client;
    try {
      const { status, touched } = await router.handle({ ...scope, actor: { kind: 'system', id: clientId, name, connectionId, scopes, validation } }, readSent(request, base, limits));
      return { status, resources: touched?.entities ?? [] };
    } catch (thrown) {
      const error = edgeError(thrown);
      if (!isRefusal(error.status)) throw thrown;
      return { status: error.status, refusal: JSON.stringify(toldOutcome(error, scope.correlationId, request)) };
    }
  }

  async #mark(scope: Scope, id: string, reason: string, answer: Replayed): Promise<void> {
    const refused = 'refusal' in answer;
    await this.ground.transactions.run(scope, async (tx) => {
      await tx.query({
        name: 'refused-write-replayed',
        text: `update refused_write set state = $3, status = coalesce($4, status), outcome = coalesce($5::jsonb, outcome), result = $6, decided_by = $7, decided_at = $8, reason = $9, replaying_until = null
          where clinic_id = $1 and id = $2`,
        values: [scope.clinicId, id, refused ? 'kept' : 'replayed', refused ? answer.status : null, refused ? answer.refusal : null, refused ? null : JSON.stringify(answer), deciderOf(scope), tx.clock.now(), reason],
      });
      await this.ground.tasks.follow(tx, id);
      await audit(tx, { action: 'execute', what: 'refused-write.replay', entities: [entityOf(id)], outcome: refused ? 'refused' : 'success', purpose: reason });
    });
  }

  async #release(scope: Scope, id: string): Promise<void> {
    await this.ground.transactions.run(scope, async (tx) => {
      await tx.query({ name: 'refused-write-release', text: 'update refused_write set replaying_until = null where clinic_id = $1 and id = $2', values: [scope.clinicId, id] });
    });
  }
}
