import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, BundleEntry, CapabilityStatement, OperationOutcome, Patient, Resource, Task } from '@medplum/fhirtypes';
import { Clinics } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';
import { setClinic } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';
import { Staff, hospital, type Hospital } from '../support/referral-factory.js';
import { entriesOf, headerOf, message, MRN, patientOf, process, REFERRAL, taskIn, withChanged } from '../support/referral-message.js';
import { describeWithTestData } from '../support/test-data.js';

const EXAMPLES = 'hl7-bser-2.0.0-ballot';

describe('$process-message', () => {
  let app: TestApp;
  let from: Hospital;
  let coordinator: Staff;

  beforeAll(async () => {
    app = await startTestApp();
    from = await hospital(app, 'bser-stu2');
    coordinator = new Staff(app, await app.as('coordinator'));
  });
  afterAll(() => app.stop());

  /** How many patients and Tasks the hospital has here. */
  const stored = async (): Promise<number[]> => [(await from.fhir.ids('/Patient')).length, (await from.fhir.ids('/Task')).length];

  it('is listed in the CapabilityStatement, with the messages that it takes', async () => {
    const { body } = await from.fhir.get<CapabilityStatement>('/metadata');
    const [messaging, ...others] = body.messaging ?? [];
    expect(others).toEqual([]);
    expect(messaging?.endpoint).toEqual([{ protocol: { system: 'http://terminology.hl7.org/CodeSystem/message-transport', code: 'http' }, address: `${body.implementation?.url}/$process-message` }]);
    expect(messaging?.documentation).toContain(`${REFERRAL.system}|${REFERRAL.code}`);
    expect(messaging?.supportedMessage).toEqual([{ mode: 'receiver', definition: `${body.implementation?.url}/MessageDefinition/patient-referral` }]);
    expect((await from.fhir.post<OperationOutcome>('/CapabilityStatement/$validate', body)).body.issue?.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(body.rest?.[0]?.operation).toContainEqual({ name: 'process-message', definition: 'http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message' });
  });

  it('opens a referral that stands on the worklist, and answers a sound message that quotes the one sent', async () => {
    const sent = message({ id: 'message-1' });
    const reply = await process(from.fhir, sent);
    const taskId = taskIn(reply);
    expect(reply.body).toMatchObject({ resourceType: 'Bundle', type: 'message' });
    expect(headerOf(reply.body)).toMatchObject({ eventCoding: REFERRAL, response: { identifier: 'message-1', code: 'ok' }, destination: [{ endpoint: 'https://general.example/fhir' }] });
    expect(headerOf(reply.body).id).not.toBe('message-1');
    const judged = await from.fhir.post<OperationOutcome>('/Bundle/$validate', reply.body);
    expect(judged.body.issue?.filter(({ severity }) => severity === 'error')).toEqual([]);

    const task = (await from.fhir.get<Task>(`/Task/${taskId}`)).body;
    expect(task.status).toBe('received');
    expect(await coordinator.find(await patientOf(from.fhir, taskId))).toMatchObject({ taskId, serviceRequestId: task.focus?.reference?.replace('ServiceRequest/', '') });
    expect(await from.fhir.ids('/MessageHeader')).toEqual([]);
  });

  it('opens a referral whatever the business status that its Task brings along', async () => {
    const businessStatus = { coding: [{ system: 'http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS', code: '7.0' }] };
    const taskId = taskIn(await process(from.fhir, withChanged(message(), 'Task', { businessStatus })));
    expect((await from.fhir.get<Task>(`/Task/${taskId}`)).body).toMatchObject({ status: 'received', businessStatus: { coding: [{ code: '2.0' }, {}] } });
  });

  it('keeps a document whole that brings along a copy of the patient', async () => {
    const sent = message();
    const patient = entriesOf(sent)[1];
    const composition: Resource = {
      resourceType: 'Composition', status: 'final', type: { text: 'Referral note' }, subject: { reference: patient?.fullUrl }, date: '2026-01-05', author: [{ display: 'Dr Okafor' }], title: 'Note',
    };
    const identifier = { system: 'urn:example:documents', value: crypto.randomUUID() };
    const document: Resource = {
      resourceType: 'Bundle', type: 'document', timestamp: '2026-01-05T10:00:00Z', identifier, entry: [{ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: composition }, patient ?? {}],
    };
    const taskId = taskIn(await process(from.fhir, { ...sent, entry: [...entriesOf(sent), { fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: document }] }));
    const [id] = await from.fhir.ids(`/Bundle?identifier=${identifier.system}|${identifier.value}`);
    const stored = (await from.fhir.get<Bundle>(`/Bundle/${id}`)).body;
    const held = entriesOf(stored)[1]?.fullUrl ?? '';
    expect(held.endsWith(`/fhir/Patient/${await patientOf(from.fhir, taskId)}`)).toBe(true);
    expect(entriesOf(stored)[0]?.resource).toMatchObject({ subject: { reference: held } });
    expect((await (await hospital(app, 'bser-stu2')).fhir.get(`/Bundle/${id}`)).status).toBe(404);
  });

  it('takes a focus that is relative to the header', async () => {
    const absolute = message();
    const task = entriesOf(absolute).find(({ resource }) => resource?.resourceType === 'Task');
    const [, ...others] = entriesOf(absolute);
    const taskName = `Task/${task?.resource?.id ?? 't'}`;
    const header = { ...headerOf(absolute), focus: [{ reference: taskName }] };
    const entry = [{ fullUrl: `https://general.example/fhir/MessageHeader/${header.id}`, resource: header }, ...others.map((each) => (each === task ? { ...each, fullUrl: `https://general.example/fhir/${taskName}` } : each))];
    expect(taskIn(await process(from.fhir, { ...absolute, entry }))).not.toBe('');
  });

  it('answers a message that is sent again as the first time, and stores nothing twice', async () => {
    const sent: Bundle = { ...message(), identifier: { system: 'urn:example:envelopes', value: crypto.randomUUID() } };
    const first = await process(from.fhir, sent);
    const before = await stored();
    const again = await process(from.fhir, { ...sent, identifier: { system: 'urn:example:envelopes', value: crypto.randomUUID() } });
    const renamed = await process(from.fhir, withChanged(sent, 'MessageHeader', { id: crypto.randomUUID() }));
    expect([first.status, again.text, renamed.text]).toEqual([200, first.text, first.text]);
    expect(await stored()).toEqual(before);
    // Each of them is in the audit of what it was about.
    const task = `Task/${taskIn(first)}`;
    const audited = await app.transactions.read(app.scope(), (tx) => tx.query<{ patients: string[] }>(`select patients from audit where what = 'fhir.$process-message' and entities @> array[$1]`, [task]));
    expect(audited.map(({ patients }) => patients)).toEqual(Array(3).fill([await patientOf(from.fhir, taskIn(first))]));
  });

  it('makes one referral of a message that comes several times at once', async () => {
    const [patients = 0, tasks = 0] = await stored();
    const sent = message();
    const replies = await Promise.all(Array.from({ length: 4 }, () => process(from.fhir, sent)));
    expect(replies.map(({ status, text }) => [status, text])).toEqual(Array(4).fill([200, replies[0]?.text]));
    expect(await stored()).toEqual([patients + 1, tasks + 1]);
  });

  const faulty = (sent: Bundle): Bundle => ({
    ...sent,
    entry: [...entriesOf(sent), { fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: JSON.parse('{"resourceType":"Flag","status":"busy","code":{"text":"x"},"subject":{"display":"y"},"colour":"red"}') as Resource }],
  });

  it('judges what a message brings along by the level of its sender, and tells what it let pass', async () => {
    const refused = await process(from.fhir, faulty(message()));
    expect([refused.status, issueOf(refused).sort()]).toEqual([400, ['Bundle.entry[4].resource.colour', 'Bundle.entry[4].resource.status']]);
    for (const validation of ['warn', 'off'] as const) {
      const lenient = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: from.connectionId, clientId: `lenient-${validation}`, validation }));
      const sent = message();
      const reply = await process(lenient, faulty(sent));
      expect(taskIn(reply)).not.toBe('');
      const told = entriesOf(reply.body)[1]?.resource as OperationOutcome | undefined;
      expect(told?.issue.map(({ severity, expression }) => [severity, expression?.[0]]).sort()).toEqual(validation === 'off' ? undefined : [['warning', 'Bundle.entry[4].resource.colour'], ['warning', 'Bundle.entry[4].resource.status']]);
      expect(headerOf(reply.body).response?.details?.reference).toBe(told && entriesOf(reply.body)[1]?.fullUrl);
      // What Cairn acts on must be sound at any level.
      expect((await process(lenient, withChanged(message(), 'ServiceRequest', { subject: 'Patient/1' }))).status).toBe(400);
    }
  });

  /** A message of a server whose entries call the patient by another id than the Patient has. */
  function misnamed(change: (parts: { patient: Patient; subject: object; others: BundleEntry[] }) => void = () => undefined): Bundle {
    const at = (name: string): string => `https://general.example/fhir/${name}`;
    const parts = {
      patient: { resourceType: 'Patient', id: 'p', identifier: [{ system: MRN, value: crypto.randomUUID() }], name: [{ family: 'Münster', given: ['Eva', 'L'] }], birthDate: '1974-11-24' } as Patient,
      subject: { reference: 'Patient/other', display: 'Eva Munster' } as object,
      others: [] as BundleEntry[],
    };
    change(parts);
    const sent = message({ focus: [{ reference: 'Task/t' }] });
    const entry = entriesOf(sent).map(({ fullUrl, resource }, index): BundleEntry => {
      if (index === 0) return { fullUrl: at(`MessageHeader/${resource?.id}`), ...(resource ? { resource } : {}) };
      if (resource?.resourceType === 'Patient') return { fullUrl: at('Patient/p'), resource: parts.patient };
      if (resource?.resourceType === 'Task') return { fullUrl: at('Task/t'), resource: { ...resource, focus: { reference: 'ServiceRequest/s' }, for: { reference: 'Patient/other' } } };
      return resource?.resourceType === 'ServiceRequest' ? { fullUrl: at('ServiceRequest/s'), resource: { ...resource, subject: parts.subject } } : { fullUrl: fullUrl ?? '', ...(resource ? { resource } : {}) };
    });
    return { ...sent, entry: [...entry, ...parts.others] };
  }

  it('takes a patient called by another id for the one whom it brings along, where the name is said and nothing speaks against it', async () => {
    const reply = await process(from.fhir, misnamed());
    const patient = (await from.fhir.get<Patient>(`/Patient/${await patientOf(from.fhir, taskIn(reply))}`)).body;
    expect(patient.name?.[0]?.family).toBe('Münster');
    expect((entriesOf(reply.body)[1]?.resource as OperationOutcome).issue).toMatchObject([{ severity: 'warning', code: 'business-rule', expression: ['Bundle.entry'] }]);
  });

  it.each<[string, Parameters<typeof misnamed>[0]]>([
    ['nobody says the name', (parts) => (parts.subject = { reference: 'Patient/other' })],
    ['another name is said', (parts) => (parts.subject = { reference: 'Patient/other', display: 'Anna Münster' })],
    ['more is said than the name', (parts) => (parts.subject = { reference: 'Patient/other', display: 'Eva Münster junior' })],
    ['only the family name is said', (parts) => (parts.subject = { reference: 'Patient/other', display: 'Münster' })],
    ['the Patient is called by its own id as well', (parts) => (parts.subject = { reference: 'Patient/p', display: 'Eva Münster' })],
    ['two other ids are used', (parts) => (parts.subject = { reference: 'Patient/another', display: 'Eva Münster' })],
    ['the other id is that of another server', (parts) => parts.others.push({ fullUrl: 'https://second.example/fhir/Flag/f', resource: { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: 'Patient/other' } } })],
    ['there are two Patients', (parts) => parts.others.push({ fullUrl: 'https://general.example/fhir/Patient/q', resource: { resourceType: 'Patient', name: [{ family: 'Else' }] } })],
    ['another is contained', (parts) => parts.others.push({ fullUrl: 'https://general.example/fhir/Flag/f', resource: { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: { reference: '#c' }, contained: [{ resourceType: 'Patient', id: 'c' }] } })],
  ])('refuses to take them for one where %s', async (_what, change) => {
    const before = await stored();
    const reply = await process(from.fhir, misnamed(change));
    expect([reply.status, [...new Set(issueOf(reply))]]).toEqual([422, ['reference']]);
    expect(await stored()).toEqual(before);
  });

  it('leaves the id to a patient who has it here', async () => {
    const known = await patientOf(from.fhir, taskIn(await process(from.fhir, message())));
    const sent = JSON.parse(JSON.stringify(misnamed()).replaceAll('Patient/other', `Patient/${known}`)) as Bundle;
    expect(await patientOf(from.fhir, taskIn(await process(from.fhir, sent)))).toBe(known);
  });

  it('keeps the names of one sender apart from those of another', async () => {
    const other = await hospital(app, 'bser-stu2');
    const sent = message();
    const [one, two] = [taskIn(await process(from.fhir, sent)), taskIn(await process(other.fhir, sent))];
    expect(two).not.toBe(one);
    expect((await other.fhir.get(`/Task/${one}`)).status).toBe(404);
  });

  it('refuses another content under a name that was used', async () => {
    const sent = message();
    taskIn(await process(from.fhir, sent));
    const before = await stored();
    const reply = await process(from.fhir, withChanged(sent, 'Task', { description: 'Something else' }));
    expect([reply.status, issueOf(reply)]).toEqual([409, ['Bundle.entry[0].resource.id']]);
    expect(await stored()).toEqual(before);
  });

  it('knows a patient by the identifier, as far as the sender may see', async () => {
    const mrn = crypto.randomUUID();
    const [one, two] = [taskIn(await process(from.fhir, message({}, mrn))), taskIn(await process(from.fhir, message({}, mrn)))];
    expect(two).not.toBe(one);
    expect(await patientOf(from.fhir, two)).toBe(await patientOf(from.fhir, one));
    const other = await hospital(app, 'bser-stu2');
    const elsewhere = taskIn(await process(other.fhir, message({}, mrn)));
    expect(await patientOf(other.fhir, elsewhere)).not.toBe(await patientOf(from.fhir, one));
  });

  const REFUSED: readonly [string, (sent: Bundle) => object, number, string][] = [
    ['a body that is no Bundle', (): Patient => ({ resourceType: 'Patient' }), 400, 'resourceType'],
    ['a Bundle that is no message', (sent) => ({ ...sent, type: 'collection' }), 400, 'Bundle.type'],
    ['a message whose header is not first', (sent) => ({ ...sent, entry: [...entriesOf(sent)].reverse() }), 400, 'Bundle.entry[0].resource'],
    ['a message without entries', (sent) => ({ ...sent, entry: undefined }), 400, 'Bundle.entry[0].resource'],
    ['a header without an id', (sent) => withChanged(sent, 'MessageHeader', { id: undefined }), 400, 'Bundle.entry[0].resource.id'],
    ['a header without a source', (sent) => withChanged(sent, 'MessageHeader', { source: undefined }), 400, 'Bundle.entry[0].resource.source'],
    ['an event that nothing handles', (sent) => withChanged(sent, 'MessageHeader', { eventCoding: { ...REFERRAL, code: 'A01' } }), 422, 'Bundle.entry[0].resource.eventCoding'],
    ['an event by its address', (sent) => withChanged(sent, 'MessageHeader', { eventCoding: undefined, eventUri: 'urn:example:referral' }), 422, 'Bundle.entry[0].resource.eventUri'],
    ['a response', (sent) => withChanged(sent, 'MessageHeader', { response: { identifier: 'm', code: 'ok' } }), 422, 'Bundle.entry[0].resource.response'],
    ['no focus', (sent) => withChanged(sent, 'MessageHeader', { focus: undefined }), 422, 'Bundle.entry[0].resource.focus'],
    ['a focus that is not in the Bundle', (sent) => withChanged(sent, 'MessageHeader', { focus: [{ reference: 'Task/elsewhere' }] }), 422, 'Bundle.entry[0].resource.focus[0].reference'],
    ['a focus of another type', (sent) => withChanged(sent, 'MessageHeader', { focus: [{ reference: entriesOf(sent)[1]?.fullUrl }] }), 422, 'Bundle.entry[0].resource.focus[0].reference'],
    ['an entry without a resource', (sent) => ({ ...sent, entry: [...entriesOf(sent), { fullUrl: 'urn:uuid:5d7b0f2e-4a58-4a39-8d4b-7f3f1c6f0a11' }] }), 422, 'Bundle.entry[4]'],
    ['a Task for a patient whom nobody knows', (sent) => withChanged(sent, 'Task', { for: { reference: 'Patient/nobody' } }), 422, 'reference'],
  ];

  it.each(REFUSED)('refuses %s, and keeps nothing of the message', async (_what, change, status, path) => {
    const before = await stored();
    const sent = message();
    const reply = await process(from.fhir, change(sent));
    expect([reply.status, issueOf(reply)[0]]).toEqual([status, path]);
    expect(reply.body.resourceType).toBe('OperationOutcome');
    expect(await stored()).toEqual(before);
    // What was refused may be mended under the same name.
    expect(taskIn(await process(from.fhir, sent))).not.toBe('');
  });

  it('demands the right to create each resource', async () => {
    const before = await stored();
    const narrow = new FhirClient(app, await app.asSystem('system/Patient.c system/ServiceRequest.c', { connectionId: from.connectionId, clientId: 'narrow' }));
    const reply = await process(narrow, message());
    expect([reply.status, reply.text]).toEqual([403, expect.stringContaining('system/Task.c')]);
    expect(await stored()).toEqual(before);
  });

  it('refuses what it does not offer: GET, an answer that comes later or elsewhere, other parameters', async () => {
    expect((await from.fhir.get('/$process-message')).status).toBe(405);
    for (const [query, name] of [['?async=true', 'async'], ['?async=false&response-url=https://general.example/in', 'response-url'], ['?priority=high', 'priority']] as const) {
      const reply = await process(from.fhir, message(), query);
      expect([reply.status, issueOf(reply)]).toEqual([400, [name]]);
    }
    expect(taskIn(await process(from.fhir, message(), '?async=false'))).not.toBe('');
  });
});

const issueOf = ({ text }: FhirReply<Bundle>): string[] => ((JSON.parse(text) as OperationOutcome).issue ?? []).map(({ expression }) => expression?.[0] ?? '');

describeWithTestData(EXAMPLES, `the referral message among the examples of ${EXAMPLES}`, (folder) => {
  let app: TestApp;
  let from: Hospital;
  const text = () => readFileSync(join(folder, 'Bundle-bundle-bser-referral-message-bundle-eve-everywoman.json'), 'utf8');
  const published = () => JSON.parse(text()) as Bundle;

  beforeAll(async () => {
    app = await startTestApp();
    const code = '313204009';
    await setClinic(app, { referrals: { codes: [{ system: 'http://snomed.info/sct', code }] } });
    await eventually('the new codes', async () => JSON.stringify((await app.get(Clinics).get(app.clinicId)).settings).includes(code));
    from = await hospital(app, 'bser-stu2');
  });
  afterAll(() => app.stop());

  it('is taken as it was published: it opens a referral once, and is answered the same when it comes again', async () => {
    const reply = await process(from.fhir, published());
    const taskId = taskIn(reply);
    expect(headerOf(reply.body).response).toMatchObject({ identifier: 'messageheader-bser-referral-messageheader', code: 'ok' });
    const patientId = await patientOf(from.fhir, taskId);
    const coordinator = new Staff(app, await app.as('coordinator'));
    expect(await coordinator.find(patientId)).toMatchObject({ taskId });
    // All that it says is about a Patient by another id than that of the one it brings along, and names her.
    expect((entriesOf(reply.body)[1]?.resource as OperationOutcome).issue).toHaveLength(1);
    for (const query of ['Coverage?beneficiary', 'Consent?category=INFA&patient', 'ServiceRequest?patient']) expect(await from.fhir.ids(`/${query}=Patient/${patientId}`)).toHaveLength(1);
    expect((await from.fhir.get<Patient>(`/Patient/${patientId}`)).body.identifier?.[0]?.value).toBe('1032702');
    // Its document is still whole: the copy of the Patient within goes by the address that the Patient has here.
    const [documentId] = await from.fhir.ids('/Bundle?type=document');
    const document = (await from.fhir.get<Bundle>(`/Bundle/${documentId}`)).body;
    const composition = entriesOf(document)[0]?.resource;
    const subject = composition?.resourceType === 'Composition' ? (composition.subject?.reference ?? '') : '';
    expect(subject).toMatch(new RegExp(`^http.*/fhir/Patient/${patientId}$`));
    expect(entriesOf(document).filter(({ fullUrl }) => fullUrl === subject)).toHaveLength(1);

    expect((await process(from.fhir, published())).text).toBe(reply.text);
    expect([await from.fhir.ids('/Task'), await from.fhir.ids('/Patient')]).toEqual([[taskId], [patientId]]);
  });
});
