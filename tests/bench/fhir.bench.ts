import { hash53 } from '../../libs/fhir/src/search-index/hashes.js';
import type { BareRoute } from './bare-server.js';
import { compare, type Comparison } from './compare.js';
import { exportBench } from './export.js';
import { startBareServer, type Instance } from './instance.js';
import { answersPerSecond } from './load.js';
import { row, type Row } from './report.js';
import { otherSearches, patientSearches, type Asked, type SearchBench } from './searches.js';
import { fillStore } from './store.js';
import { importBench, writeBenches } from './writes.js';

const SMALL = 100_000;
const LARGE = 1_000_000;
/** How many patients are asked about. */
const ASKED = 200;
/** How many records a page of everything holds. */
const RECORDS = 100;

/** A patient, and one of their Observations. */
export interface Known extends Asked {
  readonly patientId: string;
}

type Bench = Comparison & { readonly route: BareRoute };

/** Every interaction of /fhir beside the bare limit, on a filled store; then searches within one patient again on ten times the data. */
export async function fhirBench(instance: Instance, wanted: (name: string) => boolean): Promise<Row[]> {
  const store = await fillStore(instance, SMALL);
  const known = await lookUp(instance, store.patients.slice(0, ASKED));
  const inPatient = patientSearches(instance, known.map(({ patientId }) => patientId));
  const benches: Bench[] = [...reads(instance, known), ...inPatient, ...otherSearches(instance, known), everything(instance, known), ...writeBenches(instance, known), importBench(store.bundles)];
  await makeBareTables(instance);
  await changeOnce(instance, known);
  const bare = await startBareServer(instance, benches.map(({ route }) => route));
  try {
    const rows: Row[] = [];
    for (const bench of benches.filter(({ name }) => wanted(name))) rows.push(told(await compare(instance, bare.url, bench)));
    if (wanted('export: ')) for (const each of await exportBench(instance)) rows.push(told(each));
    const growing = inPatient.filter(({ name }) => wanted(grown(name)));
    if (growing.length > 0) rows.push(...(await growth(instance, growing, () => store.grow(LARGE))));
    return rows;
  } finally {
    bare.stop();
    await instance.owner.query('drop table if exists bench_bare, bench_numbered');
  }
}

/** Says a row as soon as it is known: a whole run takes minutes. */
function told(each: Row): Row {
  process.stderr.write(`${each.name}: ${each.value} of ${each.limit} ${each.unit} (${each.ratio.toFixed(2)})\n`);
  return each;
}

const grown = (name: string): string => `${name}, at ${LARGE.toLocaleString('en')} resources`;

/** What searches reach on the store as it is, and again when it has grown: here the limit is the smaller store's. */
async function growth({ api, authorization }: Instance, searches: readonly SearchBench[], grow: () => Promise<void>): Promise<Row[]> {
  const measure = async ({ ours }: SearchBench): Promise<number> => {
    const requests = typeof ours === 'function' ? ours : ours.map((request) => ({ ...request, path: `/fhir${request.path}` }));
    const load = { url: api, authorization, requests, connections: 16 };
    // What was just loaded has to come into memory first.
    await answersPerSecond({ ...load, seconds: 5 });
    return answersPerSecond({ ...load, seconds: 4 });
  };
  const before: number[] = [];
  for (const search of searches) before.push(await measure(search));
  await grow();
  const rows: Row[] = [];
  for (const [index, search] of searches.entries()) rows.push(told(row(grown(search.name), await measure(search), 'req/s', before[index] ?? 0)));
  return rows;
}

function reads({ clinicId }: Instance, known: readonly Known[]): Bench[] {
  const paths = known.map(({ patientId }) => `/Patient/${patientId}`);
  const versions = known.map(({ observationId }) => `/Observation/${observationId}/_history/1`);
  return [
    {
      name: 'read: a Patient',
      ours: paths.map((path) => ({ method: 'GET', path })),
      bare: paths.map((path) => ({ method: 'GET', path })),
      route: { method: 'GET', path: '/Patient/:id', name: 'read', text: `select body from fhir_resource where clinic_id = $1 and resource_type = 'Patient' and id = $2`, values: [clinicId] },
    },
    {
      name: 'vread: a past version of an Observation',
      ours: versions.map((path) => ({ method: 'GET', path })),
      bare: versions.map((path) => ({ method: 'GET', path })),
      route: {
        method: 'GET',
        path: '/Observation/:id/_history/:version',
        name: 'vread',
        text: `select body from fhir_history where clinic_id = $1 and resource_type = 'Observation' and id = $2 and version = $3`,
        values: [clinicId],
      },
    },
  ];
}

/** One patient's records, a page of them. */
function everything({ clinicId }: Instance, known: readonly Known[]): Bench {
  return {
    name: `everything: the first ${RECORDS} of a patient's records`,
    ours: known.map(({ patientId }) => ({ method: 'GET', path: `/Patient/${patientId}/$everything?_count=${RECORDS}` })),
    bare: known.map(({ patientId }) => ({ method: 'GET', path: `/everything?patient=${hash53(patientId)}` })),
    route: {
      method: 'GET',
      path: '/everything',
      name: 'everything',
      text: `select body from fhir_resource where clinic_id = $1 and patient = $2 and patient <> 0 and method <> 'DELETE' order by seq limit ${RECORDS}`,
      values: [clinicId],
    },
  };
}

/** What the searches and writes ask about each patient. */
async function lookUp({ owner, clinicId }: Instance, patients: readonly string[]): Promise<Known[]> {
  const { rows } = await owner.query<{ id: string; body: string; observation: string }>(
    `select p.id, p.body, (select o.id from fhir_resource o where o.clinic_id = p.clinic_id and o.patient = p.patient and o.patient <> 0 and o.resource_type = 'Observation'
       and o.body like '%"encounter"%' order by o.seq limit 1) as observation
     from fhir_resource p where p.clinic_id = $1 and p.resource_type = 'Patient' and p.id = any($2)`,
    [clinicId, patients],
  );
  return rows.map(({ id, body, observation }) => {
    const { identifier } = JSON.parse(body) as { identifier: { system: string; value: string }[] };
    const [first] = identifier;
    if (!first) throw new Error('A patient has no identifier.');
    return { patientId: id, observationId: observation, identifier: first };
  });
}

/** Gives each Observation a past version. */
async function changeOnce({ api, authorization }: Instance, known: readonly Known[]): Promise<void> {
  for (const { observationId } of known) {
    const url = `${api}/fhir/Observation/${observationId}`;
    const resource = (await (await fetch(url, { headers: { authorization } })).json()) as object;
    const response = await fetch(url, { method: 'PUT', headers: { authorization, 'content-type': 'application/fhir+json' }, body: JSON.stringify({ ...resource, status: 'amended' }) });
    if (!response.ok) throw new Error(`A change was answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  }
}

async function makeBareTables({ owner }: Instance): Promise<void> {
  await owner.query(`create table bench_bare (id uuid primary key, body text not null)`);
  await owner.query(`create table bench_numbered (number int primary key, body text not null)`);
  await owner.query(`insert into bench_numbered select number, '{}' from generate_series(0, ${ASKED}) number`);
}
