import { newId } from '@cairn/kernel';
import type { Tx } from '../database/tx.js';

export type AuditAction = 'create' | 'read' | 'update' | 'delete' | 'execute';

/** One access, as it is kept. Codes and ids only. */
export interface AuditFact {
  readonly action: AuditAction;
  /** What kind of act: `fhir.search`, `referral.accept`, `message.sent` … */
  readonly what: string;
  /** `Type/id` of what was touched. */
  readonly entities?: readonly string[];
  /** Logical ids of the patients it concerned. */
  readonly patients?: readonly string[];
  readonly outcome?: 'success' | 'refused' | 'failed';
  /** Why, in the actor's words, where a reason was asked for. */
  readonly purpose?: string;
}

/**
 * Writes the access down in the transaction that makes it, so that neither stands without the other. The table is append-only: the
 * application may insert and read, not change or delete. Recorded at the database's own time, which no demo moves.
 */
export async function audit(tx: Tx, fact: AuditFact): Promise<void> {
  const { actor, clinicId, correlationId } = tx.scope;
  await tx.query({
    name: 'audit-insert',
    text: `insert into audit (clinic_id, id, recorded_at, actor_kind, actor_id, action, what, entities, patients, outcome, purpose, correlation_id, actor_name, connection_id)
      values ($1, $2, clock_timestamp(), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [
      clinicId,
      newId(),
      actor.kind,
      actor.id,
      fact.action,
      fact.what,
      fact.entities ?? [],
      fact.patients ?? [],
      fact.outcome ?? 'success',
      fact.purpose ?? null,
      correlationId,
      'name' in actor ? actor.name : null,
      actor.kind === 'system' ? actor.connectionId : null,
    ],
  });
}
