import type { OnApplicationShutdown } from '@nestjs/common';
import { unavailable } from '@cairn/kernel';
import type { Pool } from 'pg';
import { sendAlone } from '../database/led-query.js';
import { writingAs } from '../database/session-settings.js';
import type { Scope } from '../tenancy/scope.js';
import { auditInsert, type Access } from './audit-insert.js';
import type { AuditFact } from './audit.js';

/** Accesses that one statement writes down, at most. */
const BATCH = 500;
/** Accesses that may wait. Beyond, requests are refused: an answer whose access can't be written must not leave. */
const MAX_WAITING = 10_000;

interface Waiting extends Access {
  readonly written: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes down accesses that no transaction of their own makes: reads. Those of a clinic that come while a commit is under way share the next
 * one, so a busy server commits a few hundred times a second however many answers it gives, and a quiet one at once.
 *
 * Its connections commit asynchronously: what is committed outlives the end of API and worker, since PostgreSQL has it; only a crash of
 * PostgreSQL itself may take the last moments (PostgreSQL, 28.4).
 */
export class AuditWriter implements OnApplicationShutdown {
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #writing = new Set<string>();
  #count = 0;

  /** @param pool of connections of its own, with `synchronous_commit` off */
  constructor(private readonly pool: Pool) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /** Resolves when the access is committed. Refuses with 503 when too many wait, and whatever PostgreSQL refuses. */
  async record(scope: Scope, fact: AuditFact): Promise<void> {
    if (this.#count >= MAX_WAITING) throw unavailable('The audit can not keep up.', { code: 'busy', retryAfter: 2 });
    await new Promise<void>((written, failed) => {
      const waiting = this.#waiting.get(scope.clinicId) ?? [];
      waiting.push({ scope, fact, written, failed });
      this.#waiting.set(scope.clinicId, waiting);
      this.#count++;
      if (!this.#writing.has(scope.clinicId)) void this.#write(scope.clinicId);
    });
  }

  /** Writes what waits for a clinic until nothing does. */
  async #write(clinicId: string): Promise<void> {
    this.#writing.add(clinicId);
    for (let waiting = this.#waiting.get(clinicId); waiting && waiting.length > 0; ) {
      const batch = waiting.splice(0, BATCH);
      this.#count -= batch.length;
      try {
        await sendAlone(this.pool, writingAs({ clinicId, actor: { kind: 'cairn', id: 'audit' }, correlationId: 'audit' }), auditInsert(clinicId, batch));
        for (const { written } of batch) written();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#waiting.delete(clinicId);
    this.#writing.delete(clinicId);
  }
}
