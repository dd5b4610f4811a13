import { forbidden, notFound } from '@cairn/kernel';
import { audit, type Scope, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { actorNow } from './export-client.js';
import type { ExportJob } from './export-jobs.js';

/** A finished file, as the manifest lists it. */
export interface FileFacts {
  readonly file: number;
  readonly type: string;
  readonly count: number;
  /** The labels of what is in it, as bits. */
  readonly labels: number;
}

/** The files of a complete export. */
export async function filesOf(tx: Tx, { id, run }: ExportJob): Promise<FileFacts[]> {
  return tx.query<FileFacts>({
    name: 'fhir-export-files',
    text: `select file, min(resource_type) as "type", sum(resources)::int as "count", bit_or(labels) as "labels" from fhir_export_chunk
      where clinic_id = $1 and export_id = $2 and run = $3 group by file order by file`,
    values: [tx.scope.clinicId, id, run],
  });
}

/** Sends a file part by part. What a part holds is audited, committed, before the part leaves. */
export class ExportFiles {
  constructor(private readonly transactions: Transactions) {}

  /**
   * The parts of a file, read one at a time as they are asked for; the first is read at once. Refuses with 404 a file that isn't there, and one whose
   * client was disabled; with 403 one that holds what the client may no longer have.
   */
  async open(scope: Scope, job: ExportJob, file: number): Promise<AsyncIterable<string>> {
    const first = await this.#part(scope, job, file, 0);
    if (first === undefined) throw notFound('The file');
    return this.#from(first, scope, job, file);
  }

  async *#from(first: string, scope: Scope, job: ExportJob, file: number): AsyncIterable<string> {
    let text: string | undefined = first;
    for (let part = 1; text !== undefined; part++) {
      yield text;
      text = await this.#part(scope, job, file, part);
    }
  }

  async #part(scope: Scope, { id, run }: ExportJob, file: number, part: number): Promise<string | undefined> {
    return this.transactions.run(scope, async (tx) => {
      // Who is shut out while a file is under way gets no more of it.
      const actor = await actorNow(tx, scope.actor);
      if (!actor) throw notFound('The file');
      const [chunk] = await tx.query<Chunk>({
        name: 'fhir-export-part',
        text: 'select body, entities, patients, resource_type as "type" from fhir_export_chunk where clinic_id = $1 and export_id = $2 and run = $3 and file = $4 and part = $5',
        values: [scope.clinicId, id, run, file, part],
      });
      if (!chunk) return undefined;
      if (AccessPolicy.for(actor).listing(chunk.type)?.length === 0 || !(await allInSight(tx, chunk))) throw outdated();
      await audit(tx, { action: 'read', what: 'fhir.export-file', entities: chunk.entities, patients: chunk.patients });
      return chunk.body;
    });
  }
}

interface Chunk {
  readonly body: string;
  readonly entities: readonly string[];
  readonly patients: readonly string[];
  readonly type: string;
}

/** Whether the actor still sees all that a part holds: patients may have been taken from its connection since, and consents withdrawn. */
async function allInSight(tx: Tx, { entities }: Chunk): Promise<boolean> {
  const [row] = await tx.query<{ seen: number }>({
    name: 'fhir-export-in-sight',
    text: 'select count(*)::int as seen from fhir_resource r where r.clinic_id = $1 and r.name = any($2::text[])',
    values: [tx.scope.clinicId, entities],
  });
  return row?.seen === entities.length;
}

const outdated = () => forbidden('The file holds records that you may no longer have. Delete the export and ask for a new one.', { code: 'export-outdated' });
