import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Bundle, Identifier, Patient, Reference, Resource, ServiceRequest, Task } from '@medplum/fhirtypes';
import { Clinics } from '@cairn/platform';
import type { Dialect } from '@cairn/referrals';
import { faceOnTask } from '../../libs/referrals/src/referral.fhir.js';
import { isLegalStep, type Face } from '../../libs/referrals/src/referral.dialect.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { setClinic } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, idsIn, taskStory, type Hospital } from '../support/referral-factory.js';
import { describeWithTestData } from '../support/test-data.js';

const read = <T>(folder: string, name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

/** What the requests of the folder ask for: a clinic that takes them on is set up for these codes. */
const codesIn = (folder: string): { system: string; code: string }[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('ServiceRequest-'))
    .flatMap((name) => read<ServiceRequest>(folder, name).category?.[0]?.coding?.[0] ?? [])
    .map(({ system = '', code = '' }) => ({ system, code }));

/** A reference to somebody whom the example does not bring along keeps only what it displays. */
const named = <T extends Reference | undefined>(reference: T): T => (reference ? ({ display: reference.display ?? reference.reference } as T) : reference);

/** The numbers of the example, told apart each time it is sent: the same number is the same referral. */
const numbered = (identifiers: Identifier[] | undefined, time: number): Identifier[] | undefined =>
  identifiers?.map(({ assigner: _a, value, ...identifier }) => ({ ...identifier, value: `${value ?? ''}-${time}` }));

/** The example's referral as a hospital would send it: handed over, about a patient of ours. None where its request is over. */
function handedOver(folder: string, taskName: string, time: number): Bundle | undefined {
  const task = read<Task>(folder, taskName);
  const focus = task.focus?.reference?.replace('/', '-');
  if (!focus || !readdirSync(folder).includes(`${focus}.json`)) return undefined;
  const request = read<ServiceRequest>(folder, `${focus}.json`);
  if (request.status !== 'active') return undefined;
  const { businessStatus: _b, statusReason: _s, output: _o, partOf: _p, ...rest } = task;
  const subject = { reference: 'urn:uuid:0b6c2b5e-94d5-4a53-9a9b-2f3d0f0d5a01' };
  const requestUrn = 'urn:uuid:0b6c2b5e-94d5-4a53-9a9b-2f3d0f0d5a02';
  const patient: Patient = { resourceType: 'Patient', name: [{ family: 'Example' }], birthDate: '1980-01-01' };
  const sent: ServiceRequest = {
    ...request, subject, requester: named(request.requester), performer: request.performer?.map(named), insurance: undefined, supportingInfo: undefined, reasonReference: undefined,
    identifier: numbered(request.identifier, time),
  };
  const handed: Task = {
    ...rest, status: 'requested', focus: { reference: requestUrn }, for: subject, requester: named(rest.requester), owner: named(rest.owner),
    identifier: numbered(rest.identifier, time), input: undefined,
  };
  const entry = (resource: Patient | ServiceRequest | Task, fullUrl: string) => ({ fullUrl, resource, request: { method: 'POST' as const, url: resource.resourceType } });
  return { resourceType: 'Bundle', type: 'transaction', entry: [entry(patient, subject.reference), entry(sent, requestUrn), entry(handed, 'urn:uuid:0b6c2b5e-94d5-4a53-9a9b-2f3d0f0d5a03')] };
}

const accept = { urgency: 'routine', pathway: 'assessment', comment: 'Fits.' };
const visit = (day: number) => ({ start: `2031-01-${day}T09:00:00Z`, minutes: 30 });
type Act = readonly ['POST' | 'DELETE', string, object?];
const triage: Act = ['POST', 'triage'];

/** A way to each end of the machine, through every state and by both sides; and the status at its end. */
const WAYS: Readonly<Record<string, readonly [acts: readonly Act[], end: Task['status']]>> = {
  'to the outcome, missed and paused on the way': [
    [triage, ['POST', 'acceptance', accept], ['POST', 'appointment', visit(15)], ['POST', 'no-show'], ['POST', 'appointment', visit(16)], ['DELETE', 'appointment', { reason: 'Asked.' }], ['POST', 'appointment', visit(17)], ['POST', 'attendance'], ['POST', 'hold', { reason: 'patient-ill' }], ['DELETE', 'hold'], ['POST', 'closure', { summary: 'Done.' }]],
    'completed',
  ],
  'to the outcome, asked for information and without a visit': [[triage, ['POST', 'information-request', { question: 'MRI?' }], ['POST', 'information', { comment: 'Told.' }], ['POST', 'acceptance', accept], ['POST', 'care', { comment: 'Phone.' }], ['POST', 'closure', { summary: 'Done.' }]], 'completed'],
  'to a return with advice': [[triage, ['POST', 'decline', { reason: 'other', advice: 'Elsewhere.' }]], 'rejected'],
  'to a redirection': [[triage, ['POST', 'redirection', { to: 'Spine centre', comment: 'Surgery.' }], ['POST', 'redirection/confirmation', { comment: 'Called.' }]], 'rejected'],
  'to its withdrawal before acceptance': [[['POST', 'cancellation', { comment: 'Called.' }]], 'cancelled'],
  'to its withdrawal after work began': [[triage, ['POST', 'acceptance', accept], ['POST', 'correction', { ...accept, urgency: 'urgent' }], ['POST', 'appointment', visit(18)], ['POST', 'cancellation', { comment: 'Called.' }], ['POST', 'withdrawal', { comment: 'Agreed.' }]], 'cancelled'],
  'to an outcome that wins over a cancellation': [[triage, ['POST', 'acceptance', accept], ['POST', 'cancellation', { comment: 'Called.' }], ['POST', 'closure', { summary: 'Done already.' }]], 'completed'],
  'to an end without a visit, triaged again from the waiting list': [[triage, ['POST', 'acceptance', accept], ['POST', 'waitlisting', { comment: 'Full.' }], triage, ['POST', 'acceptance', accept], ['POST', 'waitlisting', { comment: 'Full.' }], ['POST', 'unseen-closure', { reason: 'moved', comment: 'Gone.' }]], 'failed'],
  'to an error': [[triage, ['POST', 'retraction', { comment: 'Wrong patient.' }]], 'entered-in-error'],
};

/** The outcome's way as the dialect shows it, written down from its specification and not from the mapping. */
const STORIES: readonly [string, Dialect, string[]][] = [
  ['hl7-bser-2.0.0-ballot', 'bser-stu2', ['requested', 'received 2.0', 'accepted 3.0', 'in-progress 5.1.1', 'in-progress 5.1.2', 'in-progress 5.1.1', 'in-progress 5.1.3', 'in-progress 5.1.1', 'in-progress 5.1.4', 'on-hold', 'in-progress 5.1.4', 'completed 7.0']],
  ['hl7-sdoh-clinicalcare', 'sdohcc', ['requested', 'accepted', 'in-progress', 'on-hold', 'in-progress', 'completed']],
];

for (const [path, dialect, story] of STORIES) {
  describeWithTestData(path, `the referrals among the examples of ${path}`, (folder) => {
    let app: TestApp;
    let from: Hospital;
    let coordinator: Staff;
    const names = readdirSync(folder).filter((name) => name.startsWith('Task-'));

    beforeAll(async () => {
      app = await startTestApp();
      const codes = codesIn(folder);
      await setClinic(app, { referrals: { codes, undoSeconds: 0 } });
      await eventually('the new codes', async () => JSON.stringify((await app.get(Clinics).get(app.clinicId)).settings).includes(codes[0]?.code ?? ''));
      from = await hospital(app, dialect);
      coordinator = new Staff(app, await app.as('coordinator'));
    });
    afterAll(() => app.stop());

    /** Every step that the Task has gone, each legal in its dialect. */
    async function expectLegal(taskId: string): Promise<void> {
      const history = (await from.fhir.get<Bundle<Task>>(`/Task/${taskId}/_history?_count=100`)).body;
      let at: Face | undefined;
      for (const { resource } of [...(history.entry ?? [])].reverse()) {
        if (!resource) continue;
        const shown = faceOnTask(resource, dialect);
        const next = { ...shown, businessStatus: shown.businessStatus ?? at?.businessStatus };
        if (at) expect([at, next, isLegalStep(dialect, at, next)]).toEqual([at, next, true]);
        at = next;
      }
    }

    it.each(Object.keys(WAYS))('come in, go %s and out again, step by legal step', async (way) => {
      const [acts, end] = WAYS[way] ?? [[], 'completed'];
      const time = Object.keys(WAYS).indexOf(way);
      const bundles = names.flatMap((name) => handedOver(folder, name, time) ?? []);
      expect(bundles.length).toBeGreaterThan(1);
      for (const bundle of bundles) {
        const reply = await from.fhir.post<Bundle>('', bundle);
        expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([200, '']);
        const ids = idsIn(reply.body);
        const { id } = await coordinator.find(ids['Patient'] ?? '');
        let { etag } = await coordinator.read(id);
        for (const [method, act, body] of acts) {
          const done = await coordinator.call(method, `/referrals/${id}/${act}`, body, etag ?? undefined);
          expect([act, done.status, done.status === 200 ? '' : done.body]).toEqual([act, 200, '']);
          etag = done.etag;
        }
        expect((await from.fhir.get<Task>(`/Task/${ids['Task']}`)).body.status).toBe(end);
        await expectLegal(ids['Task'] ?? '');
        if (time === 0) expect(await taskStory(from.fhir, ids['Task'] ?? '')).toEqual(story);
      }
    });

    it('are no referrals where they are for the patient, or over: those are stored unchanged', async () => {
      const others = names.flatMap((name) => {
        const task = read<Task>(folder, name);
        return task.status === 'completed' || !handedOver(folder, name, 0) ? [task] : [];
      });
      for (const task of others) {
        const patientId = await from.fhir.create({ resourceType: 'Patient', name: [{ family: 'Example' }] });
        const sent = { ...withoutReferences(task), id: undefined, for: { reference: `Patient/${patientId}` } };
        const reply = await from.fhir.post<Task>('/Task', sent);
        expect([task.id, reply.status, reply.status === 201 ? '' : reply.text]).toEqual([task.id, 201, '']);
        const { meta, id: _id, ...stored } = (await from.fhir.get<Task>(`/Task/${reply.body.id}`)).body;
        const { meta: _meta, id: _none, ...expected } = JSON.parse(JSON.stringify(sent)) as Task;
        expect(stored).toEqual(expected);
        expect(meta?.versionId).toBe('1');
        await expect(coordinator.find(patientId)).rejects.toThrow('no referral');
      }
      if (dialect === 'sdohcc') expect([others.length > 5, others.some(({ owner }) => owner?.reference?.startsWith('Patient/')), others.some(({ status }) => status === 'accepted')]).toEqual([true, true, true]);
    });
  });
}

/** The resource with every reference to something that is not brought along reduced to what it displays. */
function withoutReferences<T extends Resource>(resource: T): T {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const { reference, ...rest } = value as Record<string, unknown>;
    const kept = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, visit(each)]));
    return typeof reference === 'string' ? { ...kept, display: kept['display'] ?? reference } : kept;
  };
  return visit(resource) as T;
}
