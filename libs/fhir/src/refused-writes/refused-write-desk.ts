import { conflict, notFound } from '@cairn/kernel';
import { audit, may, type Keyring, type Scope, type Transactions, type Tx } from '@cairn/platform';
import type { OperationOutcome } from '@medplum/fhirtypes';
import type { RefusedWriteQuery } from './refused-write.dto.js';
import { ITEM_COLUMNS, itemOf, shownRequest, type RefusedWriteItem, type RefusedWriteRow, type RefusedWriteView, type ReplayResult } from './refused-write-view.js';
import type { RefusedWriteTasks } from './refused-write-tasks.js';
import { openRequest } from './sealed-request.js';

export interface RefusedWritePage {
  readonly items: readonly RefusedWriteItem[];
  /** The cursor of the next page; absent on the last. */
  readonly next?: string;
}

interface WholeRow extends RefusedWriteRow {
  readonly outcome: OperationOutcome;
  readonly result: ReplayResult | null;
  readonly sealed: string | null;
}

/** Shows refused writes to those who look after them, and sets aside those that need nothing more. */
export class RefusedWriteDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyring: Keyring,
    private readonly tasks: RefusedWriteTasks,
  ) {}

  /** Refused writes, of one state or of all, newest first. */
  async list(scope: Scope, { state, after, limit }: RefusedWriteQuery): Promise<RefusedWritePage> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.query<RefusedWriteRow & { id: string }>({
        name: 'refused-write-list',
        text: `select ${ITEM_COLUMNS} from refused_write where clinic_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or id < $3) order by id desc limit $4`,
        values: [scope.clinicId, state ?? null, after ?? null, limit + 1],
      });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'refused-write.list' });
      return { items: shown.map((row) => itemOf(row, scope)), ...(last ? { next: last.id } : {}) };
    });
  }

  /** One refused write; what was sent only for who has the right to see it, which is recorded apart. Refuses with 404 what isn't there. */
  async one(scope: Scope, id: string): Promise<RefusedWriteView> {
    const whole = may(scope.actor, 'refusal.body');
    return this.transactions.run(scope, async (tx) => {
      const [row] = await tx.query<WholeRow & { id: string }>({
        name: 'refused-write-one',
        text: `select ${ITEM_COLUMNS}, outcome, result, case when $3 then sealed_request end as sealed from refused_write where clinic_id = $1 and id = $2`,
        values: [scope.clinicId, id, whole],
      });
      if (!row) throw notFound('The refused write');
      const { sealed, result, outcome, ...item } = row;
      await audit(tx, { action: 'read', what: whole ? 'refused-write.read-body' : 'refused-write.read', entities: [entityOf(id)] });
      const told = sealed === null ? {} : { result, request: shownRequest(openRequest(this.keyring, id, sealed)) };
      return { ...itemOf(item, scope), outcome, ...told };
    });
  }

  /** Sets a refused write aside. Refuses with 409 one that was decided about, or is being replayed. */
  async dismiss(scope: Scope, id: string, reason: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      await demandOpen(tx, id);
      await tx.query({
        name: 'refused-write-dismiss',
        text: `update refused_write set state = 'dismissed', decided_by = $3, decided_at = $4, reason = $5 where clinic_id = $1 and id = $2`,
        values: [scope.clinicId, id, deciderOf(scope), tx.clock.now(), reason],
      });
      await this.tasks.follow(tx, id);
      await audit(tx, { action: 'update', what: 'refused-write.dismiss', entities: [entityOf(id)], purpose: reason });
    });
  }
}

/** Locks the row. Refuses with 404 what isn't there, with 409 what was decided about or is being replayed. */
export async function demandOpen(tx: Tx, id: string): Promise<{ clientId: string; sealed: string }> {
  const [row] = await tx.query<{ state: string; busy: boolean; clientId: string; sealed: string }>({
    name: 'refused-write-lock',
    text: `select state, coalesce(replaying_until > $3, false) as busy, client_id as "clientId", sealed_request as sealed from refused_write where clinic_id = $1 and id = $2 for update`,
    values: [tx.scope.clinicId, id, tx.clock.now()],
  });
  if (!row) throw notFound('The refused write');
  if (row.state !== 'kept') throw conflict(`This was ${row.state} already.`, { code: `refused-write.${row.state}` });
  if (row.busy) throw conflict('This is being replayed at this moment. Look again in a minute.', { code: 'refused-write.busy' });
  return row;
}

export const entityOf = (id: string): string => `refused-write/${id}`;

/** Who decided, as the list shows it. */
export const deciderOf = ({ actor }: Scope): string => (actor.kind === 'person' ? actor.name : actor.id);
