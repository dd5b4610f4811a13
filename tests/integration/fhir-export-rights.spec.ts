import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharePatient, unsharePatient } from '@cairn/fhir';
import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import pg from 'pg';
import { ExportFiles } from '../../libs/fhir/src/export/export-files.js';
import { findOwn } from '../../libs/fhir/src/export/export-jobs.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { complete, exported, kickOff, linesOf, painScore, partsLeft, pathOf } from '../support/export-client.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { registerClient } from '../support/system-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';

describe('the rights of who asks for an export', () => {
  let app: TestApp;
  let owner: pg.Client;
  let clinic: FhirClient;
  let east: FhirClient;
  let anna: string;

  const system = async (scopes: string, options: { connectionId?: string; clientId?: string } = {}) => new FhirClient(app, await app.asSystem(scopes, options));

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    clinic = await system('system/*.cruds', { clientId: 'warehouse' });
    east = await system('system/*.cruds', { connectionId: EAST, clientId: 'east' });
    anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Annson' }] });
    await east.create(painScore(anna));
  }, 90_000);
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  it('gives labelled records to whom a Consent names, with their notice, and keeps them from others', async () => {
    const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: '42CFRPart2' };
    const notice = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.';
    const NORTH = '33333333-3333-4333-8333-333333333333';
    const north = await system('system/*.cruds', { connectionId: NORTH, clientId: 'north' });
    await app.transactions.run(app.scope(), (tx) => sharePatient(tx, NORTH, anna));
    const secret = await east.create(painScore(anna, { meta: { security: [label] } }));
    const other = await east.create(painScore(anna, { meta: { security: [{ ...label, code: 'PSYTHPN' }] } }));
    const files: string[] = [];
    const inExport = async (client: FhirClient) => {
      const manifest = await complete(client, await kickOff(client, '/$export?_type=Observation'));
      const text = (await linesOf(client, manifest)).join();
      files.push(pathOf(manifest.output[0]?.url ?? ''));
      const file = await client.send('HEAD', pathOf(manifest.output[0]?.url ?? ''));
      return { secrets: [secret, other].map((id) => text.includes(id)), manifest: manifest.extension, output: manifest.output[0]?.extension, header: file.headers.get('x-confidentiality-notice') };
    };
    const noticed = { 'urn:cairn:confidentiality-notice': [notice] };
    const silent = { manifest: undefined, output: undefined, header: null };
    expect(await inExport(north)).toEqual({ secrets: [false, false], ...silent });
    expect(await inExport(clinic)).toEqual({ secrets: [false, false], ...silent });
    const clinician = new FhirClient(app, await app.as('clinician'));
    const consent = await clinician.create({
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${anna}` },
      policyRule: { text: 'as asked' },
      provision: { type: 'permit', securityLabel: [label], actor: [{ role: { text: 'recipient' }, reference: { identifier: { system: 'urn:cairn:connection', value: NORTH } } }] },
    });
    expect(await inExport(north)).toEqual({ secrets: [true, false], manifest: noticed, output: noticed, header: notice });
    expect(await inExport(clinic)).toEqual({ secrets: [false, false], ...silent });
    // What is taken back since the files were made is not handed out any more, and what is left still is.
    const fetched = (path = '') => fetch(`${app.url}/fhir${path}`, { headers: { authorization: north.authorization } });
    expect((await fetched(files[2])).status).toBe(200);
    await clinician.delete(`/Consent/${consent}`);
    expect([(await fetched(files[0])).status, (await fetched(files[2])).status]).toEqual([200, 403]);
    await app.transactions.run(app.scope(), (tx) => unsharePatient(tx, NORTH, anna));
    const refused = await fetched(files[0]);
    expect([refused.status, ((await refused.json()) as OperationOutcome).issue[0]?.details?.coding?.[0]?.code]).toEqual([403, 'export-outdated']);
    for (const id of [secret, other]) await east.delete(`/Observation/${id}`);
  });

  it('gives with patients the people, places and medicines that their records lead to, and no others', async () => {
    const make = async (resource: Resource): Promise<string> => `${resource.resourceType}/${await clinic.create(resource)}`;
    const clinicOf = (value: string): Resource => ({ resourceType: 'Organization', name: value });
    const [employer, maker, owner] = [await make(clinicOf('Employer')), await make(clinicOf('Maker')), await make(clinicOf('Owner'))];
    const doctor = await make({ resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    const role = await make({ resourceType: 'PractitionerRole', practitioner: { reference: doctor }, organization: { reference: employer } });
    const medicine = await make({ resourceType: 'Medication', code: { text: 'x' }, manufacturer: { reference: maker } });
    const of = async (name: string, ...resources: Resource[]): Promise<string> => {
      const patient = await make({ resourceType: 'Patient', name: [{ family: name }], managingOrganization: { reference: owner } });
      for (const resource of resources) await make({ ...resource, subject: { reference: patient } } as Resource);
      return patient;
    };
    const cleo = await of('Cleo', painScore('x', { performer: [{ reference: role }] }));
    const dora = await of('Dora', { resourceType: 'MedicationRequest', status: 'active', intent: 'order', medicationReference: { reference: medicine }, subject: {} });
    await make({ resourceType: 'Location', name: 'Where nobody was' });
    const group = await make({ resourceType: 'Group', type: 'person', actual: true, member: [{ entity: { reference: cleo } }] });
    const beyond = async (path: string) => (await exported(clinic, path)).filter((name) => !/^(Patient|Observation|MedicationRequest|Group|Provenance|Consent)\//.test(name)).sort();
    expect(await beyond(`/${group}/$export`)).toEqual([doctor, employer, owner, role].sort());
    expect(await beyond('/Patient/$export?_type=Practitioner,PractitionerRole,Organization,Medication,Location')).toEqual([doctor, employer, maker, medicine, owner, role].sort());
    const naming = { resourceType: 'Parameters', parameter: [{ name: 'patient', valueReference: { reference: dora } }] };
    const { headers } = await clinic.post('/Patient/$export?_type=Organization,Medication', naming, { prefer: 'respond-async' });
    const manifest = await complete(clinic, pathOf(headers.get('content-location') ?? ''));
    expect(manifest.output.map(({ type, count }) => [type, count])).toEqual([['Medication', 1], ['Organization', 2]]);
  });

  it('gives nothing more to a client that was disabled since it asked, nor what its scopes no longer cover', async () => {
    const clientId = `export-${crypto.randomUUID()}`;
    await registerClient(app, { clientId, scopes: ['system/Patient.rs', 'system/Observation.rs'] });
    const client = await system('system/Patient.rs system/Observation.rs', { clientId });
    const done = await kickOff(client, '/$export?_type=Patient');
    const { output } = await complete(client, done);
    const row = async (status: string) => (await owner.query<{ state: string; run: number }>('select state, run from fhir_export where id = $1', [status.split('/').at(-1)])).rows[0];

    const both = await complete(client, await kickOff(client, '/$export?_type=Patient,Observation'));
    // The run looks what the client may do when it begins, and so does each fetching of a file.
    await owner.query(`update client set scopes = '{system/Patient.rs}' where client_id = $1`, [clientId]);
    const narrowed = await complete(client, await kickOff(client, '/$export?_type=Patient,Observation'));
    expect([...new Set(narrowed.output.map(({ type }) => type))]).toEqual(['Patient']);
    const fetched = (type: string) => fetch(both.output.find((each) => each.type === type)?.url ?? '', { headers: { authorization: client.authorization } });
    expect([(await fetched('Patient')).status, (await fetched('Observation')).status]).toEqual([200, 403]);

    const file = pathOf(output[0]?.url ?? '');
    const { rows } = await owner.query<{ id: string }>(
      `insert into fhir_export (clinic_id, id, actor, actor_kind, actor_id, connection_id, request_url, level, group_id, types, filters, since, state, requested_at, due_at)
        select clinic_id, gen_random_uuid(), actor, actor_kind, actor_id, connection_id, request_url, level, group_id, types, filters, since, 'waiting', requested_at, now() + interval '1 hour' from fhir_export where id = $1 returning id`,
      [done.split('/').at(-1)],
    );
    const waiting = `/export/${rows[0]?.id}`;
    await owner.query('update client set disabled_at = now() where client_id = $1', [clientId]);
    await owner.query(`update fhir_export set due_at = now() - interval '1 minute' where id = $1`, [rows[0]?.id]);
    await eventually('the run is given up', async () => (['removed', undefined].includes((await row(waiting))?.state) ? true : undefined));
    expect(await partsLeft(owner, waiting)).toBe(0);
    // A token that is still known is no way round.
    const scope = { ...app.scope(), actor: { kind: 'system' as const, id: clientId, name: 'Exporter', connectionId: null, scopes: ['system/Patient.rs'], validation: 'strict' as const } };
    const job = await app.transactions.read(scope, (tx) => findOwn(tx, done.split('/').at(-1) ?? ''));
    if (!job) throw new Error('The export is gone.');
    await expect(new ExportFiles(app.transactions).open(scope, job, 1)).rejects.toThrow('The file');
    expect([401, 404]).toContain((await client.get(file)).status);
  });
});
