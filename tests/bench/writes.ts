import type { Bundle } from '@medplum/fhirtypes';
import { typeIndex } from '../../libs/fhir/src/search-index/type-index.js';
import type { BareRoute } from './bare-server.js';
import type { Comparison } from './compare.js';
import type { Instance } from './instance.js';
import { bundleOf, observation } from './patients.js';
import type { Known } from './fhir.bench.js';

export interface WriteBench extends Comparison {
  readonly route: BareRoute;
}

const PER_TRANSACTION = 100;
const PAIN = { code: '72514-3', display: 'Pain severity - 0-10 verbal numeric rating [Score] - Reported', unit: '{score}', value: 6 };
const AT = '2026-01-02T10:00:00Z';
const INSERT = 'insert into bench_bare (id, body) values ($1, $2) returning body';
/** One statement that puts every resource of a Bundle into a table. */
const INSERT_ALL = `with entry as (select value->>'resource' as body from json_array_elements($2::json->'entry'))
  insert into bench_bare (id, body) select gen_random_uuid(), body from entry where $1::uuid is not null returning ''`;

const post = (path: string, body: string): { method: 'POST'; path: string; body: string } => ({ method: 'POST', path, body });

/** Creates, updates and transactions. The bare limit of each is one statement that stores the same bodies. */
export function writeBenches({ clinicId }: Instance, known: readonly Known[]): WriteBench[] {
  const bodies = known.map(({ patientId }) => JSON.stringify(observation(PAIN, { reference: `Patient/${patientId}` }, undefined, AT)));
  const changed = known.map(({ patientId, observationId }, number) => ({
    method: 'PUT' as const,
    path: `/Observation/${observationId}`,
    body: JSON.stringify({ ...observation({ ...PAIN, value: number % 11 }, { reference: `Patient/${patientId}` }, undefined, AT), id: observationId }),
  }));
  const transactions = known.slice(0, 20).map(({ patientId }) => {
    const resource = observation(PAIN, { reference: `Patient/${patientId}` }, undefined, AT);
    return post('/', JSON.stringify(bundleOf(Array.from({ length: PER_TRANSACTION }, () => ({ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource })))));
  });
  const identifier = typeIndex('Patient').parameters.get('identifier')?.sources[0]?.id;
  const newPatient = (): { body: string; headers: Record<string, string> } => {
    const value = crypto.randomUUID();
    return {
      body: JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:bench', value }], name: [{ family: 'Bench' }], gender: 'other' }),
      headers: { 'if-none-exist': `identifier=urn:bench|${value}` },
    };
  };
  return [
    { name: 'create: an Observation', ours: bodies.map((body) => post('/Observation', body)), bare: bodies.map((body) => post('/create', body)), route: { method: 'POST', path: '/create', name: 'create', text: INSERT, values: [] } },
    {
      name: 'create conditional: a Patient who is new',
      ours: () => ({ ...newPatient(), method: 'POST', path: '/Patient' }),
      bare: () => post('/create-conditional', newPatient().body),
      route: {
        method: 'POST',
        path: '/create-conditional',
        name: 'create-conditional',
        text: `insert into bench_bare (id, body) select $3::uuid, $4 where not exists (select from fhir_token t where t.clinic_id = $1 and t.source = $2 and t.code = $3::text) returning body`,
        values: [clinicId, identifier],
      },
    },
    {
      name: 'update: an Observation',
      ours: changed,
      bare: changed.map((each, number) => ({ ...each, path: `/update/${number}` })),
      route: { method: 'PUT', path: '/update/:number', name: 'update', text: 'update bench_numbered set body = $2 where number = $1 returning body', values: [] },
    },
    { name: `transaction of ${PER_TRANSACTION} Observations`, connections: 4, seconds: 4, ours: transactions, bare: transactions.map(({ body }) => post('/transaction', body)), route: { method: 'POST', path: '/transaction', name: 'transaction', text: INSERT_ALL, values: [] } },
  ];
}

/** Patients with all their records, one transaction each. Counted in resources. */
export function importBench(bundles: readonly Bundle[]): WriteBench {
  const bodies = bundles.map((bundle) => JSON.stringify(bundle));
  const each = bundles.reduce((sum, { entry = [] }) => sum + entry.length, 0) / bundles.length;
  return {
    name: 'import: patients with their records',
    ours: bodies.map((body) => post('/', body)),
    bare: bodies.map((body) => post('/import', body)),
    each,
    unit: 'resources/s',
    connections: 4,
    seconds: 4,
    route: { method: 'POST', path: '/import', name: 'import', text: INSERT_ALL, values: [] },
  };
}
