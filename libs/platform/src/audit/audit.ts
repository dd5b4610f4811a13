import type { Tx } from '../database/tx.js';
import { auditInsert, type Access } from './audit-insert.js';

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
 * Writes the access down in the transaction that makes it, together with its commit, so that neither stands without the other. The table is
 * append-only: the application may insert and read, not change or delete. Recorded at the database's own time, which no demo moves.
 */
export async function audit(tx: Tx, fact: AuditFact): Promise<void> {
  await auditEach(tx, [{ scope: tx.scope, fact }]);
}

/** The same for the accesses of several requests of one clinic that share the transaction, each with who asked, in one statement. */
export async function auditEach(tx: Tx, accesses: readonly Access[]): Promise<void> {
  if (accesses.length > 0) tx.atEnd(auditInsert(tx.scope.clinicId, accesses));
}
