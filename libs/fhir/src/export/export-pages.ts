import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { References } from '../search-index/references.js';
import { Bindings } from '../search/bindings.js';
import { criterionSql, restrictionSql, type SqlContext } from '../search/criterion-sql.js';
import { statementName } from '../search/statement-names.js';
import { either } from '../search/value-sql.js';
import type { ExportJob } from './export-jobs.js';
import { filtersOf } from './export-request.js';
import type { Walk } from './export-walks.js';

/** A part of a file is closed when it has so many resources or, but for its last resource, so many bytes. */
const PART = { resources: 2000, bytes: 2 * 1024 * 1024 };

/** A file is closed when it has about so many bytes, so that clients can fetch several at once. */
const FILE_BYTES = 100 * 1024 * 1024;

/** Where the next part of a type goes. */
interface Slot {
  readonly file: number;
  readonly part: number;
}

/** What came of one page. */
interface PageResult {
  readonly resources: number;
  readonly bytes: number;
  /** Whether there may be more behind it. */
  readonly more: boolean;
  /** The place of its last resource. */
  readonly last: readonly string[] | null;
}

/**
 * Writes the files of an export, part by part. Each part is one statement inside PostgreSQL, which reads a page and stores it as lines of JSON: no
 * resource passes through this process, so its memory stays flat and the text stays as it was sent.
 */
export class ExportPages {
  #file = 0;

  constructor(
    private readonly tx: Tx,
    private readonly job: ExportJob,
    private readonly policy: AccessPolicy,
    private readonly references: References,
  ) {}

  /** Writes all resources of a type along these ways. Calls `written` with the number of resources after each part. */
  async writeType(type: string, walks: readonly Walk[], written: (resources: number) => Promise<void>): Promise<void> {
    let slot: Slot | undefined;
    let bytes = 0;
    for (const walk of walks) {
      let last: readonly string[] | undefined;
      for (let more = true; more; ) {
        slot ??= { file: ++this.#file, part: 0 };
        const page = await this.#write(type, walk, last, slot);
        more = page.more;
        if (page.resources === 0) continue;
        bytes += page.bytes;
        last = page.last ?? undefined;
        slot = bytes >= FILE_BYTES ? undefined : { file: slot.file, part: slot.part + 1 };
        if (!slot) bytes = 0;
        await written(page.resources);
      }
    }
    // A file that was opened and got nothing leaves its number to the next.
    if (slot?.part === 0) this.#file--;
  }

  async #write(type: string, walk: Walk, after: readonly string[] | undefined, { file, part }: Slot): Promise<PageResult> {
    const bindings = new Bindings();
    const { clinicId, actor } = this.tx.scope;
    const clinic = bindings.add(clinicId);
    const connection = bindings.add(actor.kind === 'system' ? actor.connectionId : null);
    const [id, run, fileNumber, partNumber, typeName] = [this.job.id, this.job.run, file, part, type].map((value) => bindings.add(value));
    const most = bindings.add(PART.resources);
    const order = walk.order.join(', ');
    const columns = walk.order.map((column) => column.replace('r.', ''));
    const text = `with found as materialized (
        select r.seq, r.patient, r.resource_type, r.id, r.patient_ids, r.labels, r.body,
          sum(octet_length(r.body)) over (order by ${order} rows unbounded preceding) - octet_length(r.body) as bytes_before
        from fhir_resource r
        where r.clinic_id = ${clinic} and r.resource_type = ${typeName} and r.method <> 'DELETE' and ${this.#conditions(type, walk, after, { bindings, clinic })}
        order by ${order} limit ${most}
      ),
      page as (select * from found where bytes_before < ${bindings.add(PART.bytes)}),
      stored as (
        insert into fhir_export_chunk (clinic_id, connection_id, export_id, run, file, part, resource_type, resources, entities, patients, labels, body)
        select ${clinic}::uuid, ${connection}::uuid, ${id}::uuid, ${run}::int, ${fileNumber}::int, ${partNumber}::int, ${typeName}, count(*),
          array_agg(resource_type || '/' || id), (select coalesce(array_agg(distinct patient_id), '{}') from page, unnest(patient_ids) as patient_id), bit_or(labels),
          string_agg(body, E'\\n') || E'\\n'
        from page having count(*) > 0
      )
      select count(*)::int as resources, coalesce(sum(octet_length(body)), 0)::float8 as bytes,
        count(*) < (select count(*) from found) or count(*) = ${most}::int as more,
        (select array[${columns.map((column) => `${column}::text`).join(', ')}] from page order by ${columns.map((column) => `${column} desc`).join(', ')} limit 1) as last
      from page`;
    const name = statementName(text);
    const [page] = await this.tx.query<PageResult>({ text, values: bindings.values, ...(name ? { name } : {}) });
    if (!page) throw new Error('The export wrote nothing.');
    return page;
  }

  #conditions(type: string, { order, condition }: Walk, after: readonly string[] | undefined, { bindings, clinic }: Pick<SqlContext, 'bindings' | 'clinic'>): string {
    const context: SqlContext = { bindings, references: this.references, clinic, now: this.tx.clock.now(), restrictionOf: (each) => this.policy.listing(each) };
    const filters = filtersOf(this.job.filters, type);
    return [
      restrictionSql(this.policy.listing(type), context),
      ...(condition ? [condition(context)] : []),
      ...(this.job.since ? [`r.last_updated >= ${bindings.add(this.job.since)}`] : []),
      ...(filters ? [either(filters.map((criteria) => `(${criteria.map((criterion) => criterionSql(criterion, context)).join(' and ')})`))] : []),
      ...(after ? [`(${order.join(', ')}) > (${order.map((column, index) => `${bindings.add(after[index])}::${column === 'r.resource_type' ? 'text' : 'bigint'}`).join(', ')})`] : []),
    ].join(' and ');
  }
}
