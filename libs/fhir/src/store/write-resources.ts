import { conflict, invalid, type CairnError } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { OWN_LABELS } from '../access/label-bits.js';
import { labelsOf } from '../access/sensitivity.js';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { stampResource } from '../lossless/resource-text.js';
import { hash53 } from '../search-index/hashes.js';
import type { IndexRows } from '../search-index/index-rows.js';
import type { References } from '../search-index/references.js';
import { patientOf, typeIndex } from '../search-index/type-index.js';
import { INDEX_PARAMETERS, deleteIndexRows, difference, indexValues, insertIndexRows, type Placed } from './index-statement.js';
import { knownPatients, sharePatients } from './patient-shares.js';
import { int4s, int8s, texts } from './pg-arrays.js';
import { IS_NEWS, NOTE_NEWS } from './news-statement.js';
import { keepGuards } from './record-guards.js';
import type { ResourceNumbers } from './sequence.js';
import { isDeleted, nameOf, type CurrentVersion, type Owner, type WriteMethod } from './stored-version.js';

/** One change to the store. Without `content` it is a deletion, which needs a previous version. */
export interface Change {
  readonly method: WriteMethod;
  readonly type: string;
  readonly id: string;
  readonly previous?: CurrentVersion;
  readonly content?: JsonObject;
  readonly owner: Owner;
  /** Patients it belongs to besides those that its content refers to. */
  readonly patients?: readonly string[];
  /** Labels that it has besides its own, as bits. */
  readonly labels?: number;
}

const EMPTY: IndexRows = { tokens: [], strings: [], references: [], dates: [], quantities: [], composites: [] };

/** A change with everything that the statements need. */
interface Prepared extends CurrentVersion {
  readonly patient: number;
  readonly before: Placed;
  readonly after: Placed;
}

/** When versions are written, and in whose name. */
interface Moment {
  readonly now: Date;
  readonly by: Owner;
}

const RESOURCE_PARAMETERS = 13;

/** The versions that a statement writes, as a part of it. */
const VERSIONS = `i as materialized (
    select * from unnest($4::text[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::int[])
      as i (resource_type, id, version, seq, method, patient, patients, owner, body, labels)
  )`;

/** The labels of a resource's own and those that it inherits from its patients. */
const LABELS = `i.labels | coalesce((select bit_or(l.labels) from fhir_patient_label l where l.clinic_id = $1::uuid and l.patient_id = any(string_to_array(i.patients, ','))), 0)`;

const INSERT = `with ${VERSIONS},
  resources as (
    insert into fhir_resource (clinic_id, resource_type, id, version, seq, last_updated, method, patient, patient_ids, owner, connection_id, author, body, labels)
    select $1::uuid, resource_type, id, version, seq, $2::timestamptz, method, patient, string_to_array(patients, ','), owner,
      $${RESOURCE_PARAMETERS + INDEX_PARAMETERS + 1}::uuid, $3, body, ${LABELS}
    from i
  ),
  ${NOTE_NEWS},
  ${insertIndexRows(RESOURCE_PARAMETERS + 1)}
  select ${IS_NEWS}`;

const UPDATE = `with ${VERSIONS},
  past as (
    insert into fhir_history (clinic_id, resource_type, id, version, last_updated, method, patient_ids, owner, connection_id, author, body, labels)
    select r.clinic_id, r.resource_type, r.id, r.version, r.last_updated, r.method, r.patient_ids, r.owner, r.connection_id, r.author, r.body, r.labels
    from fhir_resource r join i on r.resource_type = i.resource_type and r.id = i.id and r.version = i.version - 1
    where r.clinic_id = $1
  ),
  changed as (
    update fhir_resource r
    set version = i.version, last_updated = $2, method = i.method, patient = i.patient, patient_ids = string_to_array(i.patients, ','), owner = i.owner,
      author = $3, body = i.body, labels = ${LABELS}
    from i
    where r.clinic_id = $1 and r.resource_type = i.resource_type and r.id = i.id and r.version = i.version - 1
    returning 1
  ),
  ${NOTE_NEWS},
  ${deleteIndexRows(RESOURCE_PARAMETERS + 1)},
  ${insertIndexRows(RESOURCE_PARAMETERS + INDEX_PARAMETERS + 1)}
  select count(*)::int as count, ${IS_NEWS} from changed`;

/** Writes versions of resources together with their index rows and what they replace. */
export class ResourceWriter {
  readonly #writes = new WeakMap<Tx, number>();

  constructor(
    private readonly numbers: ResourceNumbers,
    private readonly references: References,
  ) {}

  /**
   * Writes all changes, in two statements at most, and returns the new versions in the same order. Contents must be valid, and no
   * resource may be named twice. `by` says whether they are Cairn's own, made while somebody acts, or those of the one who acts.
   *
   * Refuses with 409 when a resource came into being or moved on since `previous` was read; with 422 when a hospital's system refers to
   * a patient who isn't shared with it, exactly as if there were no such patient, or would lose sight of what it writes.
   */
  async write(tx: Tx, changes: readonly Change[], by: Owner): Promise<CurrentVersion[]> {
    this.#writes.set(tx, this.writesIn(tx) + 1);
    const fresh = changes.filter(({ previous }) => !previous);
    const numbers = await this.numbers.take(tx, fresh.length);
    const now = tx.clock.now();
    const prepared = changes.map((change) => this.#prepare(change, now, change.previous?.seq ?? numbers.pop() ?? 0, tx));
    await knownPatients(tx, prepared);
    await sharePatients(tx, fresh.filter(({ type }) => type === 'Patient').map(({ id }) => id));
    try {
      await this.#insert(tx, prepared.filter(({ version }) => version === 1), { now, by });
      await this.#update(tx, prepared.filter(({ version }) => version > 1), { now, by });
    } catch (error) {
      if (hasCode(error, UNIQUE_VIOLATION)) throw concurrent();
      if (hasCode(error, POLICY_VIOLATION)) throw outOfSight();
      throw error;
    }
    await keepGuards(tx, prepared, new Map(changes.flatMap(({ previous }) => (previous ? [[nameOf(previous), previous] as const] : []))));
    return prepared;
  }

  /** How often a transaction has written so far. */
  writesIn(tx: Tx): number {
    return this.#writes.get(tx) ?? 0;
  }

  #prepare({ method, type, id, previous, content, owner, patients = [], labels = 0 }: Change, now: Date, seq: number, tx: Tx): Prepared {
    const version = (previous?.version ?? 0) + 1;
    const rows = content ? typeIndex(type).rowsOf(content.value, this.references) : EMPTY;
    const patientId = content ? patientOf(type, id, rows) : undefined;
    const patientIds = content ? [...new Set([...this.references.patientsOf(content.value, id), ...patients])] : (previous?.patientIds ?? []);
    const patient = patientId === undefined ? 0 : hash53(patientId);
    return {
      type,
      id,
      version,
      seq,
      lastUpdated: now,
      method,
      patientIds,
      owner,
      connectionId: previous ? previous.connectionId : connectionOf(tx),
      labels: content ? labelsOf(content.value) | labels : (previous?.labels ?? 0) & OWN_LABELS,
      json: content ? stampResource(content.json, { id, versionId: version, lastUpdated: now }) : '',
      patient,
      before: this.#place(previous),
      after: { rows, seq, patient },
    };
  }

  #place(previous: CurrentVersion | undefined): Placed {
    if (!previous || isDeleted(previous)) return { rows: EMPTY, seq: previous?.seq ?? 0, patient: 0 };
    const rows = typeIndex(previous.type).rowsOf(readObject(previous.json).value, this.references);
    const patientId = patientOf(previous.type, previous.id, rows);
    return { rows, seq: previous.seq, patient: patientId === undefined ? 0 : hash53(patientId) };
  }

  async #insert(tx: Tx, versions: readonly Prepared[], moment: Moment): Promise<void> {
    if (versions.length === 0) return;
    const [result] = await tx.query<{ news: boolean }>({ name: 'fhir-insert', plannedOnce: true, text: INSERT, values: [...resourceValues(tx, versions, moment), ...indexValues(versions.map(({ after }) => after)), connectionOf(tx)] });
    if (result?.news) await tx.ring();
  }

  async #update(tx: Tx, versions: readonly Prepared[], moment: Moment): Promise<void> {
    if (versions.length === 0) return;
    const differences = versions.map(({ before, after }) => difference(before, after));
    const [result] = await tx.query<{ count: number; news: boolean }>({
      name: 'fhir-update',
      plannedOnce: true,
      text: UPDATE,
      values: [...resourceValues(tx, versions, moment), ...indexValues(differences.map(({ gone }) => gone)), ...indexValues(differences.map(({ come }) => come))],
    });
    if (result?.count !== versions.length) throw concurrent();
    if (result.news) await tx.ring();
  }
}

const connectionOf = ({ scope: { actor } }: Tx): string | null => (actor.kind === 'system' ? actor.connectionId : null);

const resourceValues = (tx: Tx, versions: readonly Prepared[], { now, by }: Moment): unknown[] => [
  tx.scope.clinicId,
  now,
  `${by === 'cairn' ? 'cairn:' : ''}${tx.scope.actor.kind}:${tx.scope.actor.id}`,
  texts(versions.map(({ type }) => type)),
  texts(versions.map(({ id }) => id)),
  int4s(versions.map(({ version }) => version)),
  int8s(versions.map(({ seq }) => seq)),
  texts(versions.map(({ method }) => method)),
  int8s(versions.map(({ patient }) => patient)),
  texts(versions.map(({ patientIds }) => patientIds.join(','))),
  texts(versions.map(({ owner }) => owner)),
  texts(versions.map(({ json }) => json)),
  int4s(versions.map(({ labels }) => labels)),
];

/** Another transaction made the same resource or version first. */
const UNIQUE_VIOLATION = '23505';
/** A row would not satisfy row-level security (insufficient_privilege). */
const POLICY_VIOLATION = '42501';

const hasCode = (error: unknown, code: string): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === code;

const concurrent = (): CairnError =>
  conflict('Somebody else changed this at the same moment. Read it again and repeat the request if it is still right.', { code: 'concurrent-change' });

const outOfSight = (): CairnError =>
  invalid('This would take the resource away from the patient it belongs to.', { status: 422, code: 'patient-removed' });

/** Names of resources that a list of changes writes twice. */
export function namedTwice(changes: readonly { readonly type: string; readonly id: string }[]): string[] {
  const seen = new Set<string>();
  return changes.map(nameOf).filter((name) => seen.has(name) || !seen.add(name));
}
