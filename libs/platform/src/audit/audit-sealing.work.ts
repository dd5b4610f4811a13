import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { CONFIG, type Config } from '../config/config.js';
import type { Queryable } from '../database/query.js';
import { Transactions } from '../database/tx.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { KEYRING, type Keyring } from '../secrets/keyring.js';
import { cairnScope } from '../tenancy/scope.js';
import { DueWorkRegistry, type DueRow, type DueWork, type Lane } from '../work/due-work.js';
import { sealNext, type Seal } from './audit-seals.js';

/** Blocks sealed in one go, so that a backlog doesn't keep a worker for itself. */
const AT_ONCE = 20;

/** Seals the audit of each clinic, block by block. The hash of each block is logged: whoever keeps the log has the end of the chain out of the database's reach. */
@Injectable()
export class AuditSealing implements DueWork, OnModuleInit {
  readonly name = 'audit-sealing';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly registry: DueWorkRegistry,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    return database.query<{ clinicId: string; id: string; turn: string }>({
      name: 'audit-sealing-due',
      text: `select c.id as "clinicId", c.id, coalesce(s.due_at::text, '') as turn from clinic c left join audit_sealing s on s.clinic_id = c.id
        where s.due_at is null or s.due_at <= $1 limit $2`,
      values: [now, limit],
    });
  }

  async perform({ clinicId }: DueRow): Promise<void> {
    for (let sealed = 0; sealed < AT_ONCE; sealed++) {
      const seal = await this.#sealOne(clinicId);
      if (!seal) return;
      this.logger.info({ event: 'audit.sealed', clinicId, number: seal.number, hash: seal.hash });
    }
  }

  /** Seals one block, unless another worker has done so meanwhile. */
  async #sealOne(clinicId: string): Promise<Seal | undefined> {
    return this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const next = new Date(tx.clock.now().getTime() + this.config.AUDIT_SEAL_SECONDS * 1000);
      // The row is the lock: a second worker waits here, and then seals what has come since, if anything.
      await tx.query(`insert into audit_sealing (clinic_id, due_at) values ($1, $2) on conflict (clinic_id) do update set due_at = excluded.due_at`, [clinicId, next]);
      return sealNext(tx, this.keyring);
    });
  }
}
