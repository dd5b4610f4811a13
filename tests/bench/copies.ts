import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { hash53 } from '../../libs/fhir/src/search-index/hashes.js';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const PREFIX = 8;

/** Text between slots; a slot is filled anew for each copy: with the copy's own prefix of an id, its patient's number, or a resource's number. */
type Piece = string | { readonly slot: 'prefix' | 'patient' } | { readonly slot: 'seq'; readonly offset: number };

/** All that the store made of one patient's records, table by table, ready to be repeated. */
export interface Template {
  /** What follows the prefix in the patient's id. */
  readonly patientRest: string;
  /** How many numbers of resources it spans. */
  readonly span: number;
  readonly resources: number;
  readonly tables: ReadonlyMap<string, readonly Piece[]>;
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Tables of the store that have a row for each resource or for each value by which it is found: those with a resource's number. */
export async function storeTables(owner: pg.Client): Promise<Table[]> {
  const { rows } = await owner.query<Table>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname like 'fhir\\_%'
    group by c.relname having bool_or(a.attname = 'seq') order by 1`);
  return rows;
}

/**
 * Reads a patient's rows as the store's own indexing made them, so that copies are found by searches as if they had come over HTTP.
 *
 * @param first number of the first of their resources, and `last` of the last
 */
export async function readTemplate(owner: pg.Client, tables: readonly Table[], patientId: string, { first, last }: { readonly first: number; readonly last: number }): Promise<Template> {
  const pieces = new Map<string, Piece[]>();
  let resources = 0;
  for (const { name, columns } of tables) {
    const shown = columns.map((column) => {
      if (column === 'clinic_id') return `'\x03' || clinic_id`;
      if (column === 'seq') return `'\x01' || (seq - ${first}) || '\x01'`;
      return column === 'patient' ? `case when patient = 0 then '0' else '\x02' end` : `"${column}"`;
    });
    const stream = owner.query(copyTo(`copy (select ${shown.join(', ')} from ${name} where seq between ${first} and ${last}) to stdout`));
    let text = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream) text += String(chunk);
    pieces.set(name, cut(text));
    if (name === 'fhir_resource') resources = text.split('\n').length - 1;
  }
  return { patientRest: patientId.slice(PREFIX), span: last - first + 1, resources, tables: pieces };
}

function cut(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: match, index } of text.matchAll(new RegExp(`\x03?${UUID.source}|\x01\\d+\x01|\x02`, 'g'))) {
    pieces.push(text.slice(at, index));
    at = index + match.length;
    if (match.startsWith('\x03')) pieces.push(match.slice(1));
    else if (match === '\x02') pieces.push({ slot: 'patient' });
    else if (match.startsWith('\x01')) pieces.push({ slot: 'seq', offset: Number(match.slice(1, -1)) });
    else pieces.push({ slot: 'prefix' }, match.slice(PREFIX));
  }
  return [...pieces, text.slice(at)];
}

function filled(piece: Piece, prefix: string, patient: string, seq: number): string {
  if (typeof piece === 'string') return piece;
  if (piece.slot === 'seq') return String(seq + piece.offset);
  return piece.slot === 'prefix' ? prefix : patient;
}

/** Puts copies of patients into the store by COPY. */
export class Copier {
  #copies = 0;
  readonly #indexes = new Map<string, string>();

  constructor(
    private readonly owner: pg.Client,
    private readonly tables: readonly Table[],
    private readonly templates: readonly Template[],
  ) {}

  /** Adds about so many resources; returns the ids of their patients. */
  async fill(count: number): Promise<string[]> {
    const { owner } = this;
    const patients: string[] = [];
    await this.#dropIndexes();
    const { rows } = await owner.query<{ next: string }>(`select nextval('fhir_seq') as next`);
    const start = Number(rows[0]?.next);
    let end = start;
    const copies: { template: Template; prefix: string; patient: string; seq: number }[] = [];
    for (let made = 0; made < count; ) {
      const number = this.#copies++;
      const template = this.templates[number % this.templates.length];
      if (!template) throw new Error('There is nothing to copy.');
      const prefix = createHash('sha256').update(`copy ${number}`).digest('hex').slice(0, PREFIX);
      const id = prefix + template.patientRest;
      copies.push({ template, prefix, patient: String(hash53(id)), seq: end });
      patients.push(id);
      end += template.span;
      made += template.resources;
    }
    for (const { name, columns } of this.tables) {
      const stream = owner.query(copyFrom(`copy ${name} (${columns.map((column) => `"${column}"`).join(', ')}) from stdin`));
      for (const { template, prefix, patient, seq } of copies) {
        const text = (template.tables.get(name) ?? []).map((piece) => filled(piece, prefix, patient, seq)).join('');
        if (!stream.write(text)) await once(stream, 'drain');
      }
      stream.end();
      await finished(stream);
    }
    await owner.query(`select setval('fhir_seq', $1)`, [Math.ceil((end + 1) / 100) * 100]);
    await this.#makeIndexes();
    return patients;
  }

  /** Loading is not what is measured: indexes are made at the end, all of a table at once. */
  async #dropIndexes(): Promise<void> {
    const { rows } = await this.owner.query<{ name: string; definition: string }>(`
      select i.relname as name, pg_get_indexdef(x.indexrelid) as definition from pg_index x join pg_class i on i.oid = x.indexrelid
      where x.indrelid = any($1::regclass[]) and not x.indisprimary`, [this.tables.map(({ name }) => name)]);
    for (const { name, definition } of rows) {
      this.#indexes.set(name, definition);
      await this.owner.query(`drop index ${name}`);
    }
  }

  async #makeIndexes(): Promise<void> {
    await this.owner.query(`set maintenance_work_mem = '512MB'`);
    for (const definition of this.#indexes.values()) await this.owner.query(definition);
    this.#indexes.clear();
    for (const { name } of this.tables) await this.owner.query(`vacuum analyze ${name}`);
  }
}
