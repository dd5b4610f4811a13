import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Patient, Task } from '@medplum/fhirtypes';
import { CairnUnavailable, startSandboxEhr } from '../../apps/sandbox/src/index.js';
import type { SandboxEhr } from '../../apps/sandbox/src/index.js';
import { describeWithTestData } from '../support/test-data.js';

/** Another sandbox hospital in Cairn's place: it speaks the same discovery, tokens and FHIR. */
async function startReceiver(sender: SandboxEhr, clientId = 'sandbox-hospital'): Promise<SandboxEhr> {
  const receiver = await startSandboxEhr({ seed: 99, clients: [{ clientId, jwksUrl: `${sender.url}/jwks.json`, scope: 'system/*.cruds' }] });
  sender.connect({ url: receiver.url, clientId });
  return receiver;
}

describe('The hospital refers a patient', () => {
  let ehr: SandboxEhr;
  let receiver: SandboxEhr;
  beforeAll(async () => {
    ehr = await startSandboxEhr();
    await expect(ehr.refer()).rejects.toThrow(CairnUnavailable);
    receiver = await startReceiver(ehr);
  });
  afterAll(async () => {
    await Promise.all([ehr.stop(), receiver.stop()]);
  });

  it('gets a token with its own published key, and its transaction is taken as it stands', async () => {
    const { answer, order } = await ehr.refer({ priority: 'asap' });
    expect(answer.status).toBe(200);
    const number = order.identifier?.[0]?.value;
    const arrived = await receiver.waitForResource<Task>('Task', (task) => task.identifier?.[0]?.value === `${number}-task`);
    expect(arrived).toMatchObject({ status: 'requested', priority: 'asap' });
    expect(receiver.requests.all().map(({ method, path, status }) => [method, path, status])).toEqual([
      ['GET', '/fhir/.well-known/smart-configuration', 200],
      ['POST', '/oauth/token', 200],
      ['POST', '/fhir', 200],
    ]);
    expect((await ehr.resend(order.id)).answer.status).toBe(200);
    expect(await receiver.repository.all('ServiceRequest')).toHaveLength(1);
  });

  it('learns when Cairn is busy, and can order again', async () => {

    receiver.faults.set({ mode: 'unavailable', times: 1 });
    expect((await ehr.refer()).answer.status).toBe(503);
    expect((await ehr.refer()).answer.status).toBe(200);
  });

  it('can be told to over HTTP, and tells what was answered', async () => {
    const ranked = (await (await fetch(`${ehr.url}/sandbox/patients`)).json()) as { rule: string; patients: { reference: string }[] };
    expect(ranked.rule).toBe('pain-conditions');
    const patientId = ranked.patients[2]?.reference.split('/')[1];
    const response = await fetch(`${ehr.url}/sandbox/referrals`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ patientId }) });
    expect([response.status, await response.json()]).toMatchObject([201, { patient: `Patient/${patientId}`, answer: { status: 200 } }]);
    const nobody = await fetch(`${ehr.url}/sandbox/referrals`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"patientId":"nobody"}' });
    expect(nobody.status).toBe(404);
    const tasks = (await (await fetch(`${ehr.url}/sandbox/records/Task?status=requested`)).json()) as Bundle;
    expect(tasks.total).toBeGreaterThan(0);
  });

  it('shows its pages', async () => {
    for (const path of ['/', '/patients', '/requests']) {
      const response = await fetch(ehr.url + path);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
    expect(await (await fetch(`${ehr.url}/patients`)).text()).toContain('Refer</button>');
    const refused = await fetch(`${ehr.url}/patients/refer`, { method: 'POST', body: new URLSearchParams({ patient: 'nobody' }) });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('patientId')]);
  });
});

describe('What the hospital keeps', () => {
  it('is there again at the next start: patients, orders, what others wrote, and its key', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-hospital-'));
    try {
      const first = await startSandboxEhr({ dataDir });
      const order = await first.desk.order({});
      const [task] = await first.repository.all<Task>('Task');
      if (task) await first.repository.updateResource<Task>({ ...task, status: 'received' });
      const keys = await (await fetch(`${first.url}/jwks.json`)).text();
      expect(keys).not.toContain('"d":');
      await first.stop();

      const second = await startSandboxEhr({ dataDir });
      expect(second.admission).toMatchObject({ admittedPatients: 0, knownPatients: 8, refused: [] });
      expect((await second.desk.find(order.id)).identifier).toEqual(order.identifier);
      expect(await second.repository.all('Task')).toMatchObject([{ status: 'received', meta: { versionId: '2' } }]);
      expect(await (await fetch(`${second.url}/jwks.json`)).text()).toBe(keys);
      await second.stop();
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});

describeWithTestData('synthea-r4', 'Patients of others', (folder) => {
  let ehr: SandboxEhr;
  let receiver: SandboxEhr;
  beforeAll(async () => {
    ehr = await startSandboxEhr({ patients: folder });
    receiver = await startReceiver(ehr);
  });
  afterAll(async () => {
    await Promise.all([ehr.stop(), receiver.stop()]);
  });

  it('are taken in whole, completed by registration, and ranked', async () => {
    expect(ehr.admission).toMatchObject({ admittedPatients: 12, refused: [] });
    expect(ehr.admission?.completed).toHaveLength(12);
    const { patients, rule, because } = await ehr.desk.ranking();
    expect(patients).toHaveLength(10);
    expect(rule).toBe('pain-severity');
    expect(because).toContain('3.5 of 10');
  });

  it('can be referred with a record of hundreds of kilobytes behind them', async () => {
    const { answer, bundle } = await ehr.refer();
    expect(answer.status).toBe(200);
    const [patient] = (await receiver.repository.all<Patient>('Patient')).filter((one) => one.meta?.tag?.some((tag) => tag.code === 'completed-by-registration'));
    expect(patient?.telecom?.map((contact) => contact.system)).toEqual(['phone', 'email', 'sms']);
    expect(bundle.entry?.length).toBeGreaterThan(5);
  });
});
