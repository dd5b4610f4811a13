import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import { startBareServer, type Instance } from './instance.js';
import { answersPerSecond, type Request } from './load.js';
import { row, type Row } from './report.js';

const PATIENTS = 200;
const OBSERVATIONS = 20;
const PER_TRANSACTION = 20;

const patient = (number: number): Patient => ({
  resourceType: 'Patient',
  identifier: [{ system: 'https://bench.example/mrn', value: `bench-${number}` }],
  name: [{ family: `Family ${number}`, given: ['Given'] }],
  gender: number % 2 ? 'female' : 'male',
  birthDate: `19${String(50 + (number % 50))}-03-0${1 + (number % 9)}`,
});

const observation = (subject: string, number: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '72514-3', display: 'Pain severity - 0-10 verbal numeric rating [Score] - Reported' }] },
  subject: { reference: subject },
  effectiveDateTime: new Date(Date.UTC(2026, 0, 1 + number)).toISOString(),
  valueQuantity: { value: number % 11, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
});

const bundleOf = (...resources: (Patient | Observation)[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource, request: { method: 'POST', url: resource.resourceType } })),
});

/** Reads, searches, creates and transactions against /fhir, each beside the bare limit. */
export async function fhirBench(instance: Instance): Promise<Row[]> {
  const { api, authorization, clinicId } = instance;
  const patients = await seed(instance);
  const first = patients[0] ?? '';
  const bodies = Array.from({ length: 50 }, (_, number) => JSON.stringify(observation(`Patient/${first}`, number)));
  const transactions = Array.from({ length: 10 }, () => bundleOf(...Array.from({ length: PER_TRANSACTION }, (_, number) => observation(`Patient/${first}`, number))));

  await instance.owner.query('create table if not exists bench_bare (id uuid primary key, body text not null)');
  const bare = await startBareServer(instance, [
    {
      method: 'GET',
      path: '/Patient/:id',
      name: 'read',
      text: `select body from fhir_resource where clinic_id = $1 and resource_type = 'Patient' and id = $2`,
      values: [clinicId],
    },
    {
      method: 'GET',
      path: '/Observation',
      name: 'search',
      text: `select r.body from fhir_reference s join fhir_resource r on r.clinic_id = s.clinic_id and r.seq = s.seq
        where s.clinic_id = $1 and s.source = (select source from bench_source) and s.target = $2 and s.patient <> 0 limit 20`,
      values: [clinicId],
    },
    { method: 'POST', path: '/Observation', name: 'create', text: 'insert into bench_bare (id, body) values ($1, $2) returning body', values: [] },
    {
      method: 'POST',
      path: '/',
      name: 'transaction',
      text: `with entry as (select value->>'resource' as body from json_array_elements($2::json->'entry'))
        insert into bench_bare (id, body) select gen_random_uuid(), body from entry where $1::uuid is not null returning ''`,
      values: [],
    },
  ]);
  await instance.owner.query(`create table if not exists bench_source as
    select source from fhir_reference where target = $1 group by source order by count(*) desc limit 1`, [`Patient/${first}`]);
  try {
    const beside = async (name: string, unit: string, theirs: Request[], limit: Request[] = theirs): Promise<Row> => {
      const reached = await answersPerSecond({ url: api, authorization, requests: theirs.map((each) => ({ ...each, path: `/fhir${each.path}` })) });
      return row(name, reached, unit, await answersPerSecond({ url: bare.url, requests: limit }));
    };
    return [
      await beside('read a Patient', 'req/s', patients.map((id) => ({ method: 'GET', path: `/Patient/${id}` }))),
      await beside(
        'search patient: Observations of one patient',
        'req/s',
        patients.map((id) => ({ method: 'GET', path: `/Observation?patient=${id}` })),
        patients.map((id) => ({ method: 'GET', path: `/Observation?subject=Patient/${id}` })),
      ),
      await beside('create an Observation', 'req/s', bodies.map((body) => ({ method: 'POST', path: '/Observation', body }))),
      await beside(`transaction of ${PER_TRANSACTION} Observations`, 'req/s', transactions.map((bundle) => ({ method: 'POST', path: '/', body: JSON.stringify(bundle) }))),
    ];
  } finally {
    bare.stop();
    await instance.owner.query('drop table if exists bench_bare, bench_source');
  }
}

/** Puts the patients and their observations in by way of /fhir. Returns the patients' ids. */
async function seed({ api, authorization }: Instance): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < PATIENTS; number += 1) {
    const subject = `urn:uuid:${crypto.randomUUID()}`;
    const bundle = bundleOf(...Array.from({ length: OBSERVATIONS }, (_, each) => observation(subject, each)));
    bundle.entry?.unshift({ fullUrl: subject, resource: patient(number), request: { method: 'POST', url: 'Patient' } });
    const response = await fetch(`${api}/fhir`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/fhir+json' },
      body: JSON.stringify(bundle),
    });
    if (!response.ok) throw new Error(`Seeding was answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    const answer = (await response.json()) as Bundle;
    const location = answer.entry?.map((entry) => entry.response?.location ?? '').find((each) => each.includes('Patient/'));
    ids.push(/Patient\/([^/]+)/.exec(location ?? '')?.[1] ?? '');
  }
  return ids;
}
