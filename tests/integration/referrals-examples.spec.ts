import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Bundle, Patient, Reference, ServiceRequest, Task } from '@medplum/fhirtypes';
import { Clinics } from '@cairn/platform';
import type { Dialect } from '@cairn/referrals';
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

/** The example's referral as a hospital would send it: handed over, about a patient of ours. None where its request is over. */
function handedOver(folder: string, taskName: string): Bundle | undefined {
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
    identifier: request.identifier?.map(({ assigner: _a, ...identifier }) => identifier),
  };
  const handed: Task = {
    ...rest, status: 'requested', focus: { reference: requestUrn }, for: subject, requester: named(rest.requester), owner: named(rest.owner),
    identifier: rest.identifier?.map(({ assigner: _a, ...identifier }) => identifier), input: undefined,
  };
  const entry = (resource: Patient | ServiceRequest | Task, fullUrl: string) => ({ fullUrl, resource, request: { method: 'POST' as const, url: resource.resourceType } });
  return { resourceType: 'Bundle', type: 'transaction', entry: [entry(patient, subject.reference), entry(sent, requestUrn), entry(handed, 'urn:uuid:0b6c2b5e-94d5-4a53-9a9b-2f3d0f0d5a03')] };
}

const STORIES: readonly [string, Dialect, string[]][] = [
  ['hl7-bser-2.0.0-ballot', 'bser-stu2', ['requested', 'received 2.0', 'accepted 3.0', 'in-progress 5.1.1', 'in-progress 5.1.2', 'in-progress 5.1.1', 'in-progress 5.1.4', 'on-hold', 'in-progress 5.1.4', 'completed 7.0']],
  ['hl7-sdoh-clinicalcare', 'sdohcc', ['requested', 'accepted', 'in-progress', 'on-hold', 'in-progress', 'completed']],
];

for (const [path, dialect, story] of STORIES) {
  describeWithTestData(path, `the referrals among the examples of ${path}`, (folder) => {
    let app: TestApp;
    let from: Hospital;
    let coordinator: Staff;

    beforeAll(async () => {
      app = await startTestApp();
      const codes = codesIn(folder);
      await setClinic(app, { referrals: { codes } });
      await eventually('the new codes', async () => JSON.stringify((await app.get(Clinics).get(app.clinicId)).settings).includes(codes[0]?.code ?? ''));
      from = await hospital(app, dialect);
      coordinator = new Staff(app, await app.as('coordinator'));
    });
    afterAll(() => app.stop());

    it('come in, walk to their outcome and go out, step by legal step', async () => {
      const bundles = readdirSync(folder).filter((name) => name.startsWith('Task-')).flatMap((name) => handedOver(folder, name) ?? []);
      expect(bundles.length).toBeGreaterThan(1);
      for (const bundle of bundles) {
        const reply = await from.fhir.post<Bundle>('', bundle);
        expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([200, '']);
        const ids = idsIn(reply.body);
        const { id } = await coordinator.find(ids['Patient'] ?? '');
        for (const [method, act, body] of [
          ['POST', 'triage'],
          ['POST', 'acceptance', { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' }],
          ['POST', 'appointment', { start: '2031-01-15T09:00:00Z', minutes: 30 }],
          ['POST', 'no-show'],
          ['POST', 'appointment', { start: '2031-01-16T09:00:00Z', minutes: 30 }],
          ['POST', 'attendance'],
          ['POST', 'hold', { reason: 'patient-ill' }],
          ['DELETE', 'hold'],
          ['POST', 'closure', { summary: 'Done.' }],
        ] as const) {
          await coordinator.act(id, method, act, body);
        }
        expect(await taskStory(from.fhir, ids['Task'] ?? '')).toEqual(story);
      }
    });
  });
}
