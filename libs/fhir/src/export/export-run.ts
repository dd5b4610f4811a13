import { cairnScope, type Actor, type Scope, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { readObject } from '../lossless/read-body.js';
import type { References } from '../search-index/references.js';
import { isDeleted, readOne } from '../store/stored-version.js';
import { actorNow } from './export-client.js';
import { end, markRemoved, report, type ExportJob, type ExportProgress } from './export-jobs.js';
import { ExportPages } from './export-pages.js';
import { ASSOCIATED_TYPES } from './associated-types.js';
import { allPatients, patientsOnly, referredTo, wholeType, type Walk } from './export-walks.js';

/** How long a run may be silent before another takes its place, in milliseconds. */
export const LEASE_MS = 30_000;

/** How often a run says that it is alive, and looks whether it is still wanted. */
const REPORT_MS = 500;

/** The run is over for this worker: the export was cancelled, or another worker took it. */
export class RunOver extends Error {}

/** Makes the files of one export, in one snapshot of the database and with the rights of whoever asked. */
export class ExportRun {
  #progress: ExportProgress = { typesDone: 0, resources: 0 };
  #reported = performance.now();

  constructor(
    private readonly transactions: Transactions,
    private readonly references: References,
    private readonly scope: Scope,
    private readonly job: ExportJob,
    private readonly keepMs: number,
  ) {}

  /** Resolves when the files can be fetched. Throws {@link RunOver} when they are no longer wanted; nothing is left of them then. */
  async perform(): Promise<void> {
    const actor = await this.#actor();
    const transactionTime = await this.transactions.read(this.#own(), horizon);
    await this.transactions.snapshot({ ...this.scope, actor }, (tx) => this.#write(tx, actor));
    await this.#actor();
    await this.transactions.run(this.#own(), (tx) => end(tx, this.job, 'complete', transactionTime, this.#progress, new Date(tx.clock.now().getTime() + this.keepMs)));
  }

  /** Who the files are for, with the rights that are left. Takes the export away from a client that was disabled since it asked. */
  async #actor(): Promise<Actor> {
    return this.transactions.run(this.#own(), async (tx) => {
      const actor = await actorNow(tx, this.job.actor);
      if (!actor) await markRemoved(tx, this.job);
      return actor;
    }).then((actor) => {
      if (!actor) throw new RunOver();
      return actor;
    });
  }

  async #write(tx: Tx, actor: Actor): Promise<void> {
    const policy = AccessPolicy.for(actor);
    const pages = new ExportPages(tx, this.job, policy, this.references);
    const { groupId, patients } = this.job;
    const all = groupId === null ? (patients ?? []) : await this.#members(tx, groupId);
    const members = patients === null ? all : all.filter((id) => patients.includes(id));
    for (const type of this.job.types) {
      await pages.writeType(type, this.#walks(type, members), async (resources) => {
        this.#progress = { ...this.#progress, resources: this.#progress.resources + resources };
        await this.#report(tx);
      });
      this.#progress = { ...this.#progress, typesDone: this.#progress.typesDone + 1 };
      await this.#report(tx);
    }
  }

  #walks(type: string, members: readonly string[]): readonly Walk[] {
    const { level, patients } = this.job;
    if (level === 'system') return [wholeType];
    const all = level === 'patient' && patients === null;
    if (ASSOCIATED_TYPES.some((each) => each === type)) return [referredTo(type, all ? undefined : members)];
    return all ? [allPatients] : patientsOnly(type, members);
  }

  /** The patients who are members of the Group now, if it is still there. */
  async #members(tx: Tx, groupId: string): Promise<string[]> {
    const group = await readOne(tx, 'Group', groupId);
    if (!group || isDeleted(group)) return [];
    const list = readObject(group.json).value['member'];
    const members: readonly unknown[] = Array.isArray(list) ? list : [];
    const ids = members.flatMap((member) => {
      const { entity, inactive } = member as { readonly entity?: { readonly reference?: string }; readonly inactive?: boolean };
      const local = entity?.reference === undefined || inactive ? undefined : this.references.local(entity.reference);
      return local?.type === 'Patient' ? [local.id] : [];
    });
    return [...new Set(ids)].sort();
  }

  async #report({ clock }: Tx): Promise<void> {
    if (performance.now() - this.#reported < REPORT_MS) return;
    this.#reported = performance.now();
    const wanted = await this.transactions.run(this.#own(), (tx) => report(tx, this.job, this.#progress, new Date(clock.now().getTime() + LEASE_MS)));
    if (!wanted) throw new RunOver();
  }

  /** The work's own scope, for the row that says how far it is. */
  #own(): Scope {
    return cairnScope(this.scope.clinicId, 'fhir-export', this.scope.correlationId);
  }
}

/**
 * A moment of which everything before is surely in a snapshot that is taken after this: now, or when the oldest transaction that is still
 * under way began, whose writes may bear any time since. What is changed after it comes again with the next `_since`.
 */
async function horizon(tx: Tx): Promise<Date> {
  const [row] = await tx.query<{ ms: number }>({
    name: 'fhir-export-horizon',
    text: `select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 * 1000 as ms
      from pg_stat_activity where datname = current_database() and usename = session_user and application_name = 'cairn' and pid <> pg_backend_pid()`,
  });
  return new Date(Math.floor(tx.clock.now().getTime() - (row?.ms ?? 0)));
}
