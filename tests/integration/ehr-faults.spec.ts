import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EhrConnections } from '@cairn/ehr';
import { OpenLoops } from '@cairn/platform';
import type { CarePlan, Observation, Task } from '@medplum/fhirtypes';
import { atHospital, startEhrLink, type EhrLink } from '../support/ehr-link.js';
import { Staff } from '../support/referral-factory.js';
import { eventually } from '../support/eventually.js';

const PEG = (patientId: string, value: number): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'PEG total' },
  subject: { reference: `Patient/${patientId}` },
  valueQuantity: { value, unit: '{score}' },
});

const PLAN = (patientId: string, title: string, id?: string): CarePlan => ({
  resourceType: 'CarePlan',
  ...(id && { id }),
  status: 'active',
  intent: 'plan',
  title,
  subject: { reference: `Patient/${patientId}` },
});

describe('an EHR that fails', () => {
  let link: EhrLink;
  beforeAll(async () => {
    link = await startEhrLink();
    await link.settled('Task', link.taskId);
  });
  afterAll(() => link.stop());

  beforeEach(async () => {
    link.hospital.faults.clear();
    await link.sql(`update ehr_connection set circuit = 'closed', failures = 0, circuit_until = null`);
  });

  /** Lets the next try begin now, instead of when its wait is over. */
  const now = async (): Promise<void> => {
    await link.sql(`update ehr_connection set circuit_until = now() where circuit_until is not null`);
    await link.sql(`update ehr_delivery set due_at = now() where state in ('pending', 'failed')`);
  };
  const circuit = async (): Promise<{ circuit: string; failures: number; wait: number; last_problem: string | null }> => {
    const [row] = await link.sql<{ circuit: string; failures: number; wait: number; last_problem: string | null }>(
      'select circuit, failures, extract(epoch from circuit_until - now())::float as wait, last_problem from ehr_connection',
    );
    return row as { circuit: string; failures: number; wait: number; last_problem: string | null };
  };
  const titles = async (id: string): Promise<(string | undefined)[]> => {
    const plan = (await atHospital<CarePlan>(link, 'CarePlan')).find(({ identifier }) => identifier?.[0]?.value === `CarePlan/${id}`);
    const history = await link.hospital.repository.readHistory<CarePlan>('CarePlan', plan?.id ?? '');
    return (history.entry ?? []).map(({ resource }) => resource?.title).reverse();
  };
  const scores = async (id: string): Promise<Observation[]> => (await atHospital<Observation>(link, 'Observation')).filter(({ identifier }) => identifier?.some(({ value }) => value === `Observation/${id}`));

  it('loses nothing while it is down, and then hears of everything once and in order', async () => {
    link.hospital.faults.set({ mode: 'down' });
    const plan = await link.write(PLAN(link.patientId, 'one'));
    await link.write(PLAN(link.patientId, 'two', plan));
    await eventually('that the circuit opens', async () => {
      await link.sql(`update ehr_delivery set due_at = now() where state = 'failed'`);
      return (await circuit()).circuit === 'open';
    });
    await link.write(PLAN(link.patientId, 'three', plan));
    const observation = await link.write(PEG(link.patientId, 5.5));
    expect(await circuit()).toMatchObject({ failures: 5, last_problem: 'cut' });
    await eventually('all four waiting', async () => (await link.deliveries(`state in ('pending', 'failed')`)).length === 4);
    const calls = link.hospital.requests.all().length;
    link.hospital.faults.clear();
    await now();
    await link.settled('Observation', observation);
    expect((await link.settled('CarePlan', plan)).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await titles(plan)).toEqual(['one', 'two', 'three']);
    expect(await circuit()).toMatchObject({ circuit: 'closed', failures: 0 });
    const after = link.hospital.requests.all().slice(calls).filter(({ method }) => method !== 'GET');
    expect(after.map(({ method, path }) => `${method} ${path.split('/')[2]}`)).toEqual(['POST CarePlan', 'PUT CarePlan', 'PUT CarePlan', 'POST Observation']);
  });

  it('is left alone for as long as it asks', async () => {
    link.hospital.faults.set({ mode: 'unavailable', retryAfterSeconds: 90 });
    const first = await link.write(PEG(link.patientId, 1));
    await eventually('that the circuit opens', async () => (await circuit()).circuit === 'open');
    const { wait } = await circuit();
    expect(wait).toBeGreaterThan(80);
    expect(wait).toBeLessThanOrEqual(90);
    const calls = link.hospital.requests.all().length;
    link.hospital.faults.clear();
    const second = await link.write(PEG(link.patientId, 2));
    await eventually('that the second waits too', async () => (await link.deliveries(`resource_id = '${second}'`)).length === 1);
    expect(link.hospital.requests.all()).toHaveLength(calls);
    await now();
    await link.settled('Observation', second);
    expect(await link.settled('Observation', first)).toMatchObject([{ state: 'delivered' }]);
  });

  it('does not make a second resource when the answer to a create is lost', async () => {
    link.hospital.faults.set({ mode: 'drop', times: 1 });
    const id = await link.write(PEG(link.patientId, 3));
    await eventually('the lost answer', async () => (await link.deliveries(`resource_id = '${id}' and problem = 'cut'`)).length === 1);
    expect(await scores(id)).toHaveLength(1);
    await now();
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
    expect(await scores(id)).toMatchObject([{ meta: { versionId: '1' } }]);
  });

  it('does not write twice when the answer to an update is lost', async () => {
    const id = await link.write(PLAN(link.patientId, 'before'));
    await link.settled('CarePlan', id);
    link.hospital.faults.set({ mode: 'drop', times: 1 });
    await link.write(PLAN(link.patientId, 'after', id));
    await eventually('the lost answer', async () => (await link.deliveries(`resource_id = '${id}' and problem = 'cut'`)).length === 1);
    await now();
    expect((await link.settled('CarePlan', id)).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(await titles(id)).toEqual(['before', 'after']);
  });

  it('is waited for while it is slow, by one worker only', async () => {
    link.hospital.faults.set({ mode: 'slow', delayMs: 9_000, times: 1 });
    const id = await link.write(PEG(link.patientId, 4));
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'delivered', attempts: 1 }]);
    expect(await scores(id)).toHaveLength(1);
  });

  it('is asked again when whoever was sending never came back', async () => {
    await link.app.get(EhrConnections).pause(link.app.scope('hospital-it'), link.connectionId);
    const id = await link.write(PEG(link.patientId, 6));
    await eventually('the waiting delivery', async () => (await link.deliveries(`resource_id = '${id}'`)).length === 1);
    await link.sql(`update ehr_delivery set state = 'sending', attempts = 1, due_at = now() where resource_id = $1`, [id]);
    await link.app.get(EhrConnections).resume(link.app.scope('hospital-it'), link.connectionId);
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
    expect(await link.sql(`select 1 from audit where what = 'ehr.deliver-unknown' and entities @> array[$1]`, [`Observation/${id}`])).toHaveLength(1);
  });

  it('never hears of an older version after a newer one', async () => {
    await link.app.get(EhrConnections).pause(link.app.scope('hospital-it'), link.connectionId);
    const id = await link.write(PLAN(link.patientId, 'older'));
    await link.write(PLAN(link.patientId, 'newer', id));
    await eventually('both', async () => (await link.deliveries(`resource_id = '${id}'`)).length === 2);
    await link.sql(`update ehr_delivery set state = 'dead', problem = 'refused-content' where resource_id = $1 and resource_version = 1`, [id]);
    await link.app.get(EhrConnections).resume(link.app.scope('hospital-it'), link.connectionId);
    await link.settled('CarePlan', id);
    const [dead] = await link.deliveries(`resource_id = '${id}' and state = 'dead'`);
    const hospitalIt = await link.app.as('hospital-it');
    await link.app.request.post(`/api/v1/ehr/connections/${link.connectionId}/deliveries/${dead?.id}/replay`).set('authorization', hospitalIt).send({ reason: 'Try again' }).expect(200);
    await eventually('that it is superseded', async () => (await link.deliveries(`id = '${dead?.id}' and state = 'superseded'`)).length === 1);
    expect(await titles(id)).toEqual(['newer']);
  });
});

describe('somebody else’s change at the EHR', () => {
  let link: EhrLink;
  beforeAll(async () => {
    link = await startEhrLink();
    await link.settled('Task', link.taskId);
  });
  afterAll(() => link.stop());

  /** Writes a plan, lets people at the hospital change it there, and writes its next version here. */
  async function conflictOn(title: string): Promise<{ id: string; there: () => Promise<CarePlan | undefined>; path: string }> {
    const id = await link.write(PLAN(link.patientId, title));
    await link.settled('CarePlan', id);
    const there = async (): Promise<(CarePlan & { id: string }) | undefined> => (await atHospital<CarePlan>(link, 'CarePlan')).find(({ identifier }) => identifier?.[0]?.value === `CarePlan/${id}`);
    const plan = await there();
    if (!plan) throw new Error('The plan did not arrive.');
    await link.hospital.repository.updateResource<CarePlan>({ ...plan, description: 'Changed at the hospital' });
    await link.write(PLAN(link.patientId, `${title}, next`, id));
    const [, dead] = await link.settled('CarePlan', id);
    expect(dead).toMatchObject({ state: 'dead', problem: 'foreign-change' });
    return { id, there, path: `/api/v1/ehr/connections/${link.connectionId}/deliveries/${dead?.id}` };
  }
  const reconciliation = async (id: string): Promise<Task[]> => link.asCairn((tx) => link.store.search(tx, 'Task', { code: 'urn:cairn:code|reconcile-with-ehr', patient: `Patient/${link.patientId}` })).then((all) => all.filter(({ focus }) => focus?.reference?.startsWith(`CarePlan/${id}`)));

  it('is never overwritten: a person is asked, and may put Cairn’s version in place', async () => {
    const { id, there, path } = await conflictOn('Ours');
    expect(await there()).toMatchObject({ title: 'Ours', description: 'Changed at the hospital' });
    expect(await reconciliation(id)).toMatchObject([{ status: 'requested', for: { reference: `Patient/${link.patientId}` } }]);
    await link.app.request.post(`${path}/replay`).set('authorization', await link.app.as('hospital-it')).send({ reason: 'The clinician keeps our version' }).expect(200);
    await eventually('that it is delivered', async () => (await link.settled('CarePlan', id)).every(({ state }) => state === 'delivered'));
    const now = await there();
    expect(now?.title).toBe('Ours, next');
    expect(now?.description).toBeUndefined();
    expect(await reconciliation(id)).toMatchObject([{ status: 'completed' }]);
  });

  it('or leave the EHR’s', async () => {
    const { id, there, path } = await conflictOn('Theirs');
    const answer = await link.app.request.post(`${path}/dismissal`).set('authorization', await link.app.as('hospital-it')).send({ reason: 'The hospital’s version stands' }).expect(200);
    expect(answer.body).toMatchObject({ state: 'dismissed', availableActions: [] });
    expect(await there()).toMatchObject({ title: 'Theirs', description: 'Changed at the hospital' });
    expect(await reconciliation(id)).toMatchObject([{ status: 'cancelled' }]);
    await link.app.request.post(`${path}/replay`).set('authorization', await link.app.as('hospital-it')).send({ reason: 'Changed my mind' }).expect(409);
  });

  it('does not stop a change where only the version moved on', async () => {
    const id = await link.write(PLAN(link.patientId, 'Same'));
    await link.settled('CarePlan', id);
    const plan = (await atHospital<CarePlan>(link, 'CarePlan')).find(({ title }) => title === 'Same');
    if (!plan) throw new Error('The plan did not arrive.');
    await link.hospital.repository.updateResource<CarePlan>({ ...plan, meta: { ...plan.meta, tag: [{ system: 'urn:x', code: 'seen' }] } });
    await link.write(PLAN(link.patientId, 'Same, next', id));
    expect((await link.settled('CarePlan', id)).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  it('stops a Task that was ended at the EHR meanwhile, and keeps what else people wrote in it', async () => {
    const [task] = await atHospital<Task>(link, 'Task');
    if (!task) throw new Error('The hospital has no Task.');
    const noted = await link.hospital.repository.updateResource<Task>({ ...task, note: [{ text: 'Called the patient' }] });
    const move = (status: Task['status']): Promise<unknown> =>
      link.asCairn(async (tx) => {
        const mine = await link.store.read(tx, 'Task', link.taskId);
        await link.store.update(tx, { ...mine, status });
      });
    await move('accepted');
    await link.hospital.waitForResource<Task>('Task', ({ status, note }) => status === 'accepted' && note?.[0]?.text === 'Called the patient');
    await link.hospital.repository.updateResource<Task>({ ...noted, status: 'cancelled' });
    await move('in-progress');
    const rows = await link.settled('Task', link.taskId);
    expect(rows.at(-1)).toMatchObject({ state: 'dead', problem: 'foreign-change' });
    expect(await atHospital<Task>(link, 'Task')).toMatchObject([{ status: 'cancelled' }]);
    const coordinator = new Staff(link.app, await link.app.as('coordinator'));
    const { id } = await coordinator.find(link.patientId);
    const notTaken = { id, notTakenByEhr: { state: 'dead', problem: 'foreign-change', since: expect.any(String) } };
    expect((await coordinator.call('GET', `/referrals/${id}`)).body).toMatchObject(notTaken);
    const list = async () => (await coordinator.call<{ items: object[] }>('GET', '/referrals?view=open&notTakenByEhr=true')).body.items;
    expect(await list()).toMatchObject([notTaken]);
    expect((await coordinator.call('GET', '/referrals/counts?view=open&notTakenByEhr=true')).body).toMatchObject({ views: { open: { count: 1 } } });

    const loose = async () => (await link.asCairn((tx) => link.app.get(OpenLoops).check(tx, 10))).find(({ kind }) => kind === 'untaken Task');
    expect(await loose()).toEqual({ kind: 'untaken Task', open: 1, loose: [] });
    await link.app.advance(49 * 3_600_000);
    expect(await loose()).toEqual({ kind: 'untaken Task', open: 1, loose: [{ id: link.taskId, lacks: ['owner'] }] });
    const path = `/api/v1/ehr/connections/${link.connectionId}/deliveries/${rows.at(-1)?.id}/dismissal`;
    await link.app.request.post(path).set('authorization', await link.app.as('hospital-it')).send({ reason: 'The referrer was told by phone' }).expect(200);
    expect([await loose(), await list()]).toEqual([{ kind: 'untaken Task', open: 0, loose: [] }, []]);
  });
});
