import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { Explainer, recordStatements, type PlanNode } from '../support/explain.js';
import { FhirClient } from '../support/fhir-client.js';

const LOINC = 'http://loinc.org';
const EAST = '11111111-1111-4111-8111-111111111111';

/** How many patients there are besides the one who is searched, each with a record like theirs. */
const OTHERS = 1000;
const OBSERVATIONS = 20;

/** How many rows of all FHIR tables together a search within one patient may look at: a few for each row of the record, never the clinic's. */
const ROWS_OF_A_PATIENT = 1000;

describe('the plans of searches', () => {
  let app: TestApp;
  let client: FhirClient;
  let east: FhirClient;
  let explainer: Explainer;
  let patient: string;
  let encounter: string;
  let planOfUpdate: readonly PlanNode[];

  /** How the statement of an update is planned before the clinic has any records to speak of. */
  const planInEmptyTables = async (): Promise<PlanNode[]> => {
    const id = await client.create({ resourceType: 'Practitioner', name: [{ family: 'Early' }] });
    const update = (await recordStatements(() => client.put(`/Practitioner/${id}`, { resourceType: 'Practitioner', id, name: [{ family: 'Later' }] }))).find(({ text }) => text.includes('out_fhir_token'));
    if (!update) throw new Error('No statement updates the index.');
    return explainer.planOnce(update);
  };

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST }));
    explainer = await Explainer.for(app);
    [patient, encounter] = await storeRecord(east);
    planOfUpdate = await planInEmptyTables();
    await multiply(app);
  }, 120_000);
  afterAll(async () => {
    await explainer.end();
    await app.stop();
  });

  /** What the statements of a search do to the FHIR tables, and how many rows they look at there. */
  const plansOf = async (caller: FhirClient, path: string, connectionId?: string): Promise<{ scans: PlanNode[]; rows: number }> => {
    const statements = (await recordStatements(() => caller.get(path))).filter(({ text }) => /^\s*(select|with)\b/i.test(text) && /\bfhir_(?!row|number)/.test(text));
    expect(statements.length).toBeGreaterThan(0);
    const nodes: PlanNode[] = [];
    for (const statement of statements) nodes.push(...(await explainer.explain(statement, connectionId)));
    const scans = nodes.filter((node) => node['Relation Name']?.startsWith('fhir_'));
    const looked = scans.map((node) => ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * (node['Actual Loops'] ?? 1));
    return { scans, rows: looked.reduce((sum, each) => sum + each, 0) };
  };

  const whole = (scans: readonly PlanNode[]): string[] => scans.filter((node) => node['Node Type'].includes('Seq Scan')).map((node) => `${node['Node Type']} on ${node['Relation Name']}`);

  const WITHIN_ONE_PATIENT: [string, () => string][] = [
    ['patient + code + date, sorted', () => `Observation?patient=${patient}&code=${LOINC}|72514-3&date=ge2024-01-05&_sort=-date`],
    ['patient, newest first', () => `Observation?patient=${patient}&_sort=-date&_count=5`],
    ['patient + category + code', () => `Observation?subject=Patient/${patient}&category=survey&code=72514-3`],
    ['patient + value', () => `Observation?patient=${patient}&value-quantity=gt5`],
    ['patient + code-value composite', () => `Observation?patient=${patient}&code-value-quantity=72514-3$gt5`],
    ['patient + encounter', () => `Observation?patient=${patient}&encounter=Encounter/${encounter}`],
    ['patient, with what it refers to', () => `Observation?patient=${patient}&_include=Observation:encounter&_include=Observation:subject`],
    ['patient with all observations', () => `Patient?_id=${patient}&_revinclude=Observation:patient`],
    ['patient with such an observation', () => `Patient?_id=${patient}&_has:Observation:patient:code=72514-3&_has:Observation:patient:date=ge2024-01-10`],
    ['conditions', () => `Condition?patient=${patient}&clinical-status=active`],
    ['encounters, sorted', () => `Encounter?patient=${patient}&_sort=date`],
    ['count', () => `Observation?patient=${patient}&code=72514-3&_summary=count`],
    ['compartment, one type', () => `Patient/${patient}/Observation?code=72514-3&_sort=-date`],
    ['compartment, all types', () => `Patient/${patient}/*`],
    ['compartment of an encounter', () => `Encounter/${encounter}/Observation`],
  ];

  it('of an update find the rows of the index that go by all that is known of them, also where it was planned while the tables were empty', () => {
    const found = planOfUpdate.filter((node) => /^fhir_(token|string|reference|date|quantity|composite)$/.test(node['Relation Name'] ?? '') && node['Node Type'].includes('Scan'));
    expect(found).toHaveLength(6);
    for (const node of found) expect([node['Relation Name'], node['Node Type'], node['Index Cond']]).toEqual([node['Relation Name'], expect.stringMatching(/^Index/), expect.stringMatching(/source.*seq/)]);
  });

  it('of AuditEvents by what they touched look only at those that did', async () => {
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    await owner.query(
      `insert into audit (clinic_id, id, recorded_at, actor_kind, actor_id, action, what, entities, patients, outcome, correlation_id)
        select $1, gen_random_uuid(), now(), 'system', 'x', 'read', 'fhir.read', array['Observation/' || n], array['p' || n], 'success', 'plans' from generate_series(1, 20000) n`,
      [app.clinicId],
    );
    await owner.query('vacuum analyze audit');
    const [statement] = (await recordStatements(() => client.get(`/AuditEvent?entity=Observation/77`))).filter(({ text }) => text.includes('audit_of_entities'));
    if (!statement) throw new Error('No statement looks for the entity.');
    const scans = (await explainer.explain(statement)).filter((node) => node['Relation Name'] === 'audit');
    expect(scans.map((node) => [node['Node Type'], node['Index Name']])).toEqual([['Index Scan', 'audit_pkey']]);
    // The function looks as the schema's owner.
    await owner.query('begin');
    await owner.query(`select set_config('cairn.clinic_id', $1, true)`, [app.clinicId]);
    const { rows } = await owner.query<{ 'QUERY PLAN': unknown }>(`explain (format json) select a.id from audit a where a.clinic_id = cairn_clinic() and a.entities && array['Observation/77']`);
    expect(JSON.stringify(rows)).toContain('"Index Name":"audit_entities"');
    await owner.query('rollback');
    await owner.end();
  });

  it.each(WITHIN_ONE_PATIENT)('within one patient look only at what is near: %s', async (_name, path) => {
    expect((await client.ids(`/${path()}`)).length > 0 || path().includes('_summary')).toBe(true);
    const { scans, rows } = await plansOf(client, `/${path()}`);
    expect(whole(scans)).toEqual([]);
    expect(rows).toBeLessThan(ROWS_OF_A_PATIENT);
  });

  it.each(WITHIN_ONE_PATIENT)('are as good for a hospital that sees only its own patients: %s', async (_name, path) => {
    const { scans, rows } = await plansOf(east, `/${path()}`, EAST);
    expect(whole(scans)).toEqual([]);
    expect(rows).toBeLessThan(ROWS_OF_A_PATIENT);
  });

  it.each<[string, () => string]>([
    ['token', () => 'Patient?identifier=urn:plans|mrn-7'],
    ['token without system', () => 'Patient?identifier=mrn-7'],
    ['string', () => 'Patient?family=family-77'],
    ['reference', () => `Observation?encounter=Encounter/${encounter}`],
    ['date', () => 'Patient?birthdate=1970-05-17&family=family-77'],
    ['chained within a patient', () => `Observation?patient=${patient}&encounter.status=finished`],
    ['chained', () => 'Observation?patient.identifier=urn:plans|mrn-7'],
    ['chained twice', () => 'Observation?encounter.patient.identifier=urn:plans|mrn-7'],
    ['_has', () => 'Patient?_has:Observation:patient:identifier=urn:plans|rare'],
    ['_include', () => `Observation?identifier=urn:plans|rare&_include=Observation:patient`],
    ['several ids', () => `Patient?_id=${patient},copy-1,copy-2`],
    ['last updated', () => 'Patient?_lastUpdated=gt2999'],
  ])('over all patients use an index: %s', async (_name, path) => {
    const { scans } = await plansOf(client, `/${path()}`);
    expect(whole(scans)).toEqual([]);
  });
});

/** Stores one patient with a record. Returns the ids of the patient and of their encounter. */
async function storeRecord(client: FhirClient): Promise<[patient: string, encounter: string]> {
  const [patient, encounter] = ['urn:uuid:11111111-0000-4000-8000-000000000001', 'urn:uuid:11111111-0000-4000-8000-000000000002'];
  const observation = (number: number): Resource => ({
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] }],
    code: { coding: [{ system: LOINC, code: number % 4 ? '72514-3' : '29463-7' }] },
    subject: { reference: patient },
    encounter: { reference: encounter },
    effectiveDateTime: `2024-01-${String(number + 1).padStart(2, '0')}`,
    valueQuantity: { value: number % 11, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' },
    ...(number === 1 ? { identifier: [{ system: 'urn:plans', value: 'rare' }] } : {}),
  });
  const resources: [string, Resource][] = [
    [patient, { resourceType: 'Patient', identifier: [{ system: 'urn:plans', value: 'mrn-0' }], name: [{ family: 'Family-0' }], birthDate: '1970-05-17' }],
    [encounter, { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: patient }, period: { start: '2024-01-01' } }],
    [`${patient}c`, { resourceType: 'Condition', subject: { reference: patient }, clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] } }],
    ...Array.from({ length: OBSERVATIONS }, (_, number): [string, Resource] => [`${patient}-${number}`, observation(number)]),
  ];
  const reply = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'transaction', entry: resources.map(([fullUrl, resource]) => ({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } })) });
  expect(reply.status).toBe(200);
  const idOf = (index: number): string => reply.body.entry?.[index]?.response?.location?.split('/').at(-3) ?? '';
  return [idOf(0), idOf(1)];
}

/** Gives the clinic many patients with the same record, by copying its rows with other ids, numbers and patients; then lets PostgreSQL look at them. */
async function multiply({ database }: TestApp): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    const copies = `generate_series(1, ${OTHERS}) as n`;
    const text = (column: string): string => `case when ${column} in ('mrn-0', 'rare') then replace(${column}, '-0', '') || '-' || n when ${column} ilike 'family-0' then 'family-' || n else ${column} end`;
    const target = `case when target ~ '^(Patient|Encounter)/' then split_part(target, '/', 1) || '/' || split_part(target, '/', 2) || '-' || n else target end`;
    const place = `case when patient = 0 then 0 else n end, seq + n * 1000000::bigint`;
    await owner.query(`
      insert into fhir_resource (clinic_id, resource_type, id, version, last_updated, method, patient_ids, owner, connection_id, author, body, patient, seq)
        select clinic_id, resource_type, case when resource_type = 'Patient' then 'copy-' || n else id || '-' || n end, version, last_updated, method, array['copy-' || n], owner, connection_id, author, body, ${place}
        from fhir_resource, ${copies} where resource_type in ('Patient', 'Encounter', 'Condition', 'Observation');
      insert into fhir_token (clinic_id, source, code, system, patient, seq) select clinic_id, source, ${text('code')}, system, ${place} from fhir_token, ${copies};
      insert into fhir_string (clinic_id, source, value, exact, patient, seq) select clinic_id, source, ${text('value')}, ${text('exact')}, ${place} from fhir_string, ${copies};
      insert into fhir_reference (clinic_id, source, target, patient, seq) select clinic_id, source, ${target}, ${place} from fhir_reference, ${copies};
      insert into fhir_date (clinic_id, source, low, high, patient, seq) select clinic_id, source, low, high, ${place} from fhir_date, ${copies};
      insert into fhir_quantity (clinic_id, source, low, high, system, code, unit, patient, seq) select clinic_id, source, low, high, system, code, unit, ${place} from fhir_quantity, ${copies};
      insert into fhir_composite (clinic_id, source, code, system, value, value_system, unit, low, high, low2, high2, patient, seq)
        select clinic_id, source, code, system, value, value_system, unit, low, high, low2, high2, ${place} from fhir_composite, ${copies};
      analyze fhir_resource, fhir_token, fhir_string, fhir_reference, fhir_date, fhir_quantity, fhir_composite, fhir_patient_share;`);
  } finally {
    await owner.end();
  }
}
