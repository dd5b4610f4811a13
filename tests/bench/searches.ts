import { hash53 } from '../../libs/fhir/src/search-index/hashes.js';
import { systemHash } from '../../libs/fhir/src/search-index/index-rows.js';
import { typeIndex } from '../../libs/fhir/src/search-index/type-index.js';
import type { BareRoute } from './bare-server.js';
import type { Comparison } from './compare.js';
import type { Instance } from './instance.js';
import { MEASURED } from './patients.js';

/** A kind of search, with the prepared statement that a careful hand would write for exactly that question over the same tables. */
export interface SearchBench extends Comparison {
  readonly route: BareRoute;
}

const COUNT = 20;

/** The number under which a parameter's values stand in the index. */
function sourceOf(type: string, code: string): number {
  const source = typeIndex(type).parameters.get(code)?.sources[0];
  if (!source) throw new Error(`${type} has no search parameter ${code}.`);
  return source.id;
}

const get = (path: string): { method: 'GET'; path: string } => ({ method: 'GET', path });
const code = `${MEASURED.system}|${MEASURED.code}`;

/** Searches within one patient. */
export function patientSearches({ clinicId }: Instance, patients: readonly string[]): SearchBench[] {
  const search = (name: string, query: string, type: string, statement: string, values: readonly unknown[]): SearchBench => {
    const path = `/${name.replaceAll(/[^a-z]+/gi, '-')}`;
    return {
      name: `search patient: ${name}`,
      ours: patients.map((id) => get(`/${type}?patient=${id}${query}&_count=${COUNT}`)),
      bare: patients.map((id) => get(`${path}?patient=${hash53(id)}`)),
      route: { method: 'GET', path, name, text: statement, values: [clinicId, ...values] },
    };
  };
  const observed = [sourceOf('Observation', 'code'), MEASURED.code, systemHash(MEASURED.system)];
  return [
    search(
      'code and date, sorted by date',
      `&code=${code}&date=ge2000-01-01&_sort=-date`,
      'Observation',
      `select r.body from fhir_token t join fhir_date d on d.clinic_id = t.clinic_id and d.source = $5 and d.patient = t.patient and d.seq = t.seq
         join fhir_resource r on r.clinic_id = t.clinic_id and r.seq = t.seq
       where t.clinic_id = $1 and t.source = $2 and t.code = $3 and t.system = $4 and t.patient = $6 and d.low >= '2000-01-01' order by d.high desc, r.seq limit ${COUNT}`,
      [...observed, sourceOf('Observation', 'date')],
    ),
    search(
      'code',
      `&code=${code}`,
      'Observation',
      `select r.body from fhir_token t join fhir_resource r on r.clinic_id = t.clinic_id and r.seq = t.seq
       where t.clinic_id = $1 and t.source = $2 and t.code = $3 and t.system = $4 and t.patient = $5 order by t.seq limit ${COUNT}`,
      observed,
    ),
    search(
      'all Encounters',
      '',
      'Encounter',
      `select r.body from fhir_resource r where r.clinic_id = $1 and r.patient = $2 and r.resource_type = 'Encounter' and r.method <> 'DELETE' order by r.seq limit ${COUNT}`,
      [],
    ),
  ];
}

/** What other searches ask about, one for each patient. */
export interface Asked {
  readonly identifier: { readonly system: string; readonly value: string };
  readonly observationId: string;
}

/** Searches over all patients. */
export function otherSearches({ clinicId }: Instance, asked: readonly Asked[]): SearchBench[] {
  const search = (name: string, ours: readonly string[], bare: readonly string[], statement: string, values: readonly unknown[]): SearchBench => {
    const path = `/${name.replaceAll(/[^a-z]+/gi, '-')}`;
    return { name: `search ${name}`, ours: ours.map(get), bare: bare.map((query) => get(`${path}?${query}`)), route: { method: 'GET', path, name, text: statement, values: [clinicId, ...values] } };
  };
  const identifier = sourceOf('Patient', 'identifier');
  const subject = sourceOf('Observation', 'subject');
  const token = ({ identifier: { system, value } }: Asked): string => `${encodeURIComponent(system)}|${value}`;
  const hashed = ({ identifier: { system, value } }: Asked): string => `value=${value}&system=${systemHash(system)}`;
  const observed = [sourceOf('Observation', 'code'), MEASURED.code, systemHash(MEASURED.system)];
  return [
    search(
      'token: a Patient by identifier',
      asked.map((each) => `/Patient?identifier=${token(each)}`),
      asked.map(hashed),
      `select r.body from fhir_token t join fhir_resource r on r.clinic_id = t.clinic_id and r.seq = t.seq
       where t.clinic_id = $1 and t.source = $2 and t.code = $3 and t.system = $4 limit ${COUNT}`,
      [identifier],
    ),
    search(
      'token over all: Observations with a code',
      [`/Observation?code=${code}&_count=${COUNT}`],
      [''],
      `select r.body from (select t.seq from fhir_token t where t.clinic_id = $1 and t.source = $2 and t.code = $3 and t.system = $4 order by t.seq limit ${COUNT}) m
         join fhir_resource r on r.clinic_id = $1 and r.seq = m.seq order by r.seq`,
      observed,
    ),
    search(
      'chained: Observations by the identifier of their patient',
      asked.map((each) => `/Observation?patient.identifier=${token(each)}&_count=${COUNT}`),
      asked.map(hashed),
      `select o.body from fhir_token t join fhir_resource p on p.clinic_id = t.clinic_id and p.seq = t.seq
         join fhir_reference s on s.clinic_id = t.clinic_id and s.source = $3 and s.target = 'Patient/' || p.id
         join fhir_resource o on o.clinic_id = s.clinic_id and o.seq = s.seq
       where t.clinic_id = $1 and t.source = $2 and t.code = $4 and t.system = $5 order by o.seq limit ${COUNT}`,
      [identifier, subject],
    ),
    search(
      '_include: an Observation with its Patient and Encounter',
      asked.map(({ observationId }) => `/Observation?_id=${observationId}&_include=Observation:subject&_include=Observation:encounter`),
      asked.map(({ observationId }) => `id=${observationId}`),
      `with o as (select body, body::json as value from fhir_resource where clinic_id = $1 and resource_type = 'Observation' and id = $2)
       select body from o union all
       select r.body from o join fhir_resource r on r.clinic_id = $1 and (r.resource_type, r.id) in (
         ('Patient', split_part(o.value->'subject'->>'reference', '/', 2)), ('Encounter', split_part(o.value->'encounter'->>'reference', '/', 2)))`,
      [],
    ),
    search(
      '_has: a Patient with an Observation of a code',
      asked.map((each) => `/Patient?identifier=${token(each)}&_has:Observation:patient:code=${code}`),
      asked.map(hashed),
      `select p.body from fhir_token t join fhir_resource p on p.clinic_id = t.clinic_id and p.seq = t.seq
       where t.clinic_id = $1 and t.source = $2 and t.code = $7 and t.system = $8 and exists (
         select from fhir_reference s join fhir_token c on c.clinic_id = s.clinic_id and c.source = $4 and c.code = $5 and c.system = $6 and c.patient = s.patient and c.seq = s.seq
         where s.clinic_id = t.clinic_id and s.source = $3 and s.target = 'Patient/' || p.id) limit ${COUNT}`,
      [identifier, subject, ...observed],
    ),
  ];
}
