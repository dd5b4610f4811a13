import type { OnApplicationShutdown } from '@nestjs/common';
import type { Pool } from 'pg';
import { sendAlone } from '../database/led-query.js';
import { writingAs } from '../database/session-settings.js';
import type { Scope } from '../tenancy/scope.js';
import { Gathering } from '../work/gathering.js';
import { auditInsert, type Access } from './audit-insert.js';
import type { AuditFact } from './audit.js';

/** An answer whose access can't be written must not leave, so beyond what may wait requests are refused. */
const RULES = { most: 500, atOnce: 1, maxWaiting: 10_000, busy: 'The audit can not keep up.' } as const;

/**
 * Writes down accesses that no transaction of their own makes: reads. Those of a clinic that come while a commit is under way share the next
 * one, so a busy server commits a few hundred times a second however many answers it gives, and a quiet one at once.
 *
 * Its connections commit asynchronously: what is committed outlives the end of API and worker, since PostgreSQL has it; only a crash of
 * PostgreSQL itself may take the last moments (PostgreSQL, 28.4).
 */
export class AuditWriter implements OnApplicationShutdown {
  readonly #gathering: Gathering<Access, undefined>;

  /** @param pool of connections of its own, with `synchronous_commit` off and each statement planned once */
  constructor(private readonly pool: Pool) {
    this.#gathering = new Gathering(RULES, (accesses) => this.#write(accesses));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /** Resolves when the access is committed. Refuses with 503 when too many wait, and whatever PostgreSQL refuses. */
  async record(scope: Scope, fact: AuditFact): Promise<void> {
    await this.#gathering.add(scope.clinicId, { scope, fact });
  }

  async #write(accesses: readonly Access[]): Promise<undefined[]> {
    const clinicId = accesses[0]?.scope.clinicId ?? '';
    await sendAlone(this.pool, writingAs({ clinicId, actor: { kind: 'cairn', id: 'audit' }, correlationId: 'audit' }), auditInsert(clinicId, accesses));
    return accesses.map(() => undefined);
  }
}
