import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FhirStore, validate } from '@cairn/fhir';
import type { CapabilityStatement, Observation, Parameters, Subscription, Task } from '@medplum/fhirtypes';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../support/eventually.js';
import { PlanDesk } from '../support/plan-factory.js';
import { Staff, hospital, referralBundle, send } from '../support/referral-factory.js';
import { untilStatus } from '../support/subscribing.js';
import { MINUTE, SubscriptionWorld, numbers } from '../support/subscription-world.js';
import { readNotification } from '../support/webhook-receiver.js';

describe('subscriptions', () => {
  let world: SubscriptionWorld;

  beforeAll(async () => {
    world = await SubscriptionWorld.start();
  });
  beforeEach(() => {
    world.receiver.react = () => ({ status: 200 });
  });
  afterAll(() => world.stop());

  it('are offered with their topics in the CapabilityStatement', async () => {
    const { body } = await world.east.get<CapabilityStatement>('/metadata');
    const offered = body.rest?.[0]?.resource?.find(({ type }) => type === 'Subscription');
    const topics = offered?.extension?.filter(({ url }) => url.endsWith('/capabilitystatement-subscriptiontopic-canonical')).map(({ valueCanonical }) => valueCanonical);
    expect(topics?.sort()).toEqual(['careplan-changed', 'observation-added', 'plan-review', 'referral-status', 'task-changed'].map(world.topic));
    expect(offered?.supportedProfile).toEqual(['http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription']);
    expect(offered?.operation?.map(({ name }) => name)).toEqual(expect.arrayContaining(['status', 'events', 'signing-secret']));
  });

  it('begin with a handshake, then tell of events by their ids, in order and numbered', async () => {
    const { id, path } = await world.subscribe(world.east);
    const [handshake] = world.receiver.at(path);
    expect(readNotification(handshake?.text ?? '')).toMatchObject({ type: 'handshake', status: 'requested', topic: world.topic('observation-added'), eventsSinceStart: '0', events: [] });
    const first = await world.east.create(world.observation(world.anna));
    const second = await world.east.create(world.observation(world.anna));
    const told = await eventually('both', async () => {
      const all = await world.notified(path, 1);
      return numbers(all).length === 2 ? all : undefined;
    });
    expect(told.flatMap((each) => each.events)).toEqual([
      { number: '1', focus: `${world.app.url}/fhir/Observation/${first}` },
      { number: '2', focus: `${world.app.url}/fhir/Observation/${second}` },
    ]);
    for (const { bundle } of told) {
      expect(() => validate(JSON.parse(JSON.stringify(bundle)) as Record<string, unknown>)).not.toThrow();
      expect(bundle).toMatchObject({ type: 'history', entry: [{ request: { method: 'GET' } }] });
      expect(bundle.entry).toHaveLength(1);
    }
    // A topic about additions says nothing of changes.
    await world.east.put(`/Observation/${first}`, { ...world.observation(world.anna), id: first, status: 'amended' });
    const third = await world.east.create(world.observation(world.anna));
    expect((await world.notified(path, told.length + 1)).at(-1)?.events).toEqual([{ number: '3', focus: `${world.app.url}/fhir/Observation/${third}` }]);
    expect(await world.status(world.east, id)).toMatchObject({ type: 'query-status', status: 'active', eventsSinceStart: '3', errors: [] });
  });

  it('carry whole resources digit by digit, or nothing at all, as is asked', async () => {
    const [full, empty] = [await world.subscribe(world.east, { content: 'full-resource' }), await world.subscribe(world.east, { content: 'empty' })];
    const { body } = await world.east.post<Observation>('/Observation', JSON.stringify(world.observation(world.anna)).replace('"value":7', '"value":7.10'));
    const [whole] = await world.notified(full.path, 1);
    expect(world.receiver.at(full.path).at(-1)?.text).toContain('"value":7.10');
    expect(whole?.bundle.entry?.[1]).toMatchObject({
      fullUrl: `${world.app.url}/fhir/Observation/${body.id}`,
      resource: { id: body.id, meta: { versionId: '1' } },
      request: { method: 'POST', url: 'Observation' },
      response: { status: '201', etag: 'W/"1"' },
    });
    expect(() => validate(JSON.parse(world.receiver.at(full.path).at(-1)?.text ?? '') as Record<string, unknown>)).not.toThrow();
    const [bare] = await world.notified(empty.path, 1);
    expect(bare).toMatchObject({ topic: undefined, events: [{ number: '1', focus: undefined }] });
    expect(world.receiver.at(empty.path).at(-1)?.text).not.toContain(body.id);
  });

  it('tell only what meets their filters, all of them, as a search would find it', async () => {
    const { path } = await world.subscribe(world.east, { filters: ['Observation?code=http://loinc.org|72514-3', 'value-quantity=gt5'] });
    await world.east.create(world.observation(world.anna, '72514-3', 5));
    await world.east.create(world.observation(world.anna, '1-8', 9));
    const wanted = await world.east.create(world.observation(world.anna, '72514-3', 9));
    expect((await world.notified(path, 1))[0]?.events).toEqual([{ number: '1', focus: `${world.app.url}/fhir/Observation/${wanted}` }]);
  });

  it('hold their filters against the version that was written, whatever came of it since', async () => {
    const filters = ['value-quantity=gt5', 'status=final&code:not=1-8', 'code-value-quantity=http://loinc.org|72514-3$gt5', '_source=urn:high&_lastUpdated=gt2020', 'date=2024-05&date=sa2024-04', `encounter:missing=true&patient=${world.anna}`, 'patient.name=east'];
    const { path } = await world.subscribe(world.east, { filters, content: 'full-resource' });
    const high = { ...world.observation(world.anna, '72514-3', 9), meta: { source: 'urn:high' }, effectiveDateTime: '2024-05-10', identifier: [{ value: `${'x'.repeat(499)}😀` }] };
    const low = { ...world.observation(world.anna, '72514-3', 3), effectivePeriod: { start: '0001', end: '9999' } };
    const store = world.app.get(FhirStore);
    // In one transaction, so that each is replaced by the other before anybody can weigh it.
    const [wanted] = await world.asCairn(async (tx) => {
      const made = [await store.create(tx, high), await store.create(tx, low)];
      for (const [index, { id = '' }] of made.entries()) await store.put(tx, { ...(index === 0 ? low : high), id });
      return made.map(({ id }) => id);
    });
    const witness = await world.east.create(high);
    const told = await eventually('both', async () => {
      const all = await world.notified(path, 1);
      return numbers(all).length === 2 ? all : undefined;
    });
    expect(told.flatMap((each) => each.bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Observation' ? [[resource.id, resource.meta?.versionId]] : []))).toEqual([[wanted, '1'], [witness, '1']]);
  });

  it('hear of a status only when it changes: of a referral’s Task, and of a plan’s review', async () => {
    const [referral, review] = [await world.subscribe(world.clinic, { topic: world.topic('referral-status') }), await world.subscribe(world.clinic, { topic: world.topic('plan-review') })];
    const changed = await world.subscribe(world.clinic, { topic: world.topic('task-changed'), filters: ['Task?group-identifier=urn:test|topics'] });
    const task = (code: object, state: Task['status'], word: string, note = 'x'): Task => ({
      resourceType: 'Task',
      groupIdentifier: { system: 'urn:test', value: 'topics' },
      status: state,
      intent: 'order',
      code: { coding: [code] },
      businessStatus: { coding: [{ system: 'urn:cairn:code', code: word }] },
      description: note,
    });
    const fulfil = { system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' };
    const id = await world.clinic.create(task(fulfil, 'in-progress', 'in-triage'));
    await world.clinic.put(`/Task/${id}`, { ...task(fulfil, 'in-progress', 'in-triage', 'y'), id });
    await world.clinic.put(`/Task/${id}`, { ...task(fulfil, 'in-progress', 'accepted', 'y'), id });
    await world.clinic.create(task({ system: 'urn:cairn:code', code: 'plan-review' }, 'requested', 'due'));
    const every = await eventually('four changes', async () => {
      const all = await world.notified(changed.path, 1);
      return numbers(all).length === 4 ? all : undefined;
    });
    expect(numbers(every)).toEqual(['1', '2', '3', '4']);
    await eventually('two steps', async () => numbers(await world.notified(referral.path, 1)).length === 2);
    expect(numbers(await world.notified(review.path, 1))).toEqual(['1']);
  });

  it('hear of what Cairn itself writes: the steps of a referral, and the reviews of a plan', async () => {
    const sender = await hospital(world.app, 'plain');
    const coordinator = new Staff(world.app, await world.app.as('coordinator'));
    const steps = await world.subscribe(sender.fhir, { topic: world.topic('referral-status'), content: 'full-resource' });
    const reviews = await world.subscribe(world.clinic, { topic: world.topic('plan-review') });
    const plans = await world.subscribe(world.clinic, { topic: world.topic('careplan-changed') });
    const ids = await send(sender.fhir, referralBundle());
    const { id, taskId } = await coordinator.find(ids['Patient'] ?? '');
    await coordinator.act(id, 'POST', 'triage');
    const told = await eventually('the referral is in triage', async () => {
      const all = await world.notified(steps.path, 1);
      const tasks = all.flatMap(({ bundle }) => (bundle.entry ?? []).slice(1).map(({ resource }) => resource as Task));
      return tasks.at(-1)?.businessStatus?.coding?.some(({ code }) => code === 'in-triage') ? { all, tasks } : undefined;
    });
    expect(new Set(told.tasks.map((task) => task.id))).toEqual(new Set([taskId]));
    expect(numbers(told.all)).toEqual(told.tasks.map((_task, index) => String(index + 1)));
    const plan = await new PlanDesk(new Staff(world.app, await world.app.as('clinician'))).activePlan(ids['Patient'] ?? '');
    expect((await world.notified(reviews.path, 1)).flatMap((each) => each.events.map(({ focus }) => focus))).toContain(`${world.app.url}/fhir/Task/${plan.review?.id}`);
    expect((await world.notified(plans.path, 1)).flatMap((each) => each.events.map(({ focus }) => focus))).toContain(`${world.app.url}/fhir/CarePlan/${plan.id}`);
  });

  it('are signed so that a Standard Webhooks library verifies them, with the former secret too for a day', async () => {
    const { id, path } = await world.subscribe(world.east);
    const secret = async (): Promise<string> => {
      const { status: code, body } = await world.east.send<Parameters>('POST', `/Subscription/${id}/$signing-secret`);
      expect(code).toBe(200);
      return body.parameter?.find(({ name }) => name === 'secret')?.valueString ?? '';
    };
    const former = await secret();
    const present = await secret();
    await world.east.create(world.observation(world.anna));
    await world.notified(path, 1);
    const arrival = world.receiver.at(path).at(-1);
    const headers = arrival?.headers as Record<string, string>;
    for (const each of [former, present]) expect(new Webhook(each).verify(arrival?.text ?? '', headers)).toMatchObject({ resourceType: 'Bundle' });
    expect(() => new Webhook(present).verify(`${arrival?.text ?? ''} `, headers)).toThrow();
    expect((await world.east.get(`/Subscription/${id}`)).text).not.toContain('whsec_');
  });

  it('send their headers, and show and store them masked', async () => {
    const { id, path } = await world.subscribe(world.east, { header: ['Authorization: Bearer open-sesame'] });
    expect(world.receiver.at(path)[0]?.headers.authorization).toBe('Bearer open-sesame');
    const { body, text } = await world.east.get<Subscription>(`/Subscription/${id}`);
    expect(body.channel.header).toEqual(['Authorization: ********']);
    expect(text + (await world.east.get(`/Subscription/${id}/_history`)).text).not.toContain('open-sesame');
    const everything = await world.asCairn((tx) => tx.query(`select body from fhir_resource where id = $1 union all select body from fhir_history where id = $1 union all select s::text from fhir_subscription s where id = $1`, [id]));
    expect(JSON.stringify(everything)).not.toContain('open-sesame');
    // What is read can be sent back: the mask stands for the value that is kept.
    expect((await world.east.put(`/Subscription/${id}`, { ...body, status: 'requested', reason: 'The same' })).status).toBe(200);
    const [, again] = await world.receiver.waitFor(path, 2);
    expect(again?.headers.authorization).toBe('Bearer open-sesame');
  });

  it('beat their heart while nothing happens', async () => {
    const { path } = await world.subscribe(world.east, { channel: [{ name: 'heartbeat-period', value: 60 }] });
    await world.app.advance(2 * MINUTE);
    const [, beat] = await world.receiver.waitFor(path, 2);
    expect(readNotification(beat?.text ?? '')).toMatchObject({ type: 'heartbeat', status: 'active', eventsSinceStart: '0', events: [] });
  });

  it('put several events into one notification, up to the number asked for', async () => {
    const { path } = await world.subscribe(world.east, { channel: [{ name: 'max-count', value: 2 }] });
    const entry = Array.from({ length: 5 }, () => ({ resource: world.observation(world.anna), request: { method: 'POST' as const, url: 'Observation' } }));
    expect((await world.east.post('', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
    const told = await world.notified(path, 3);
    expect(told.map(({ events: some }) => some.map(({ number }) => number))).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  it('can be caught up on by $events', async () => {
    const { id, path } = await world.subscribe(world.east);
    const made: string[] = [];
    for (let n = 0; n < 4; n++) made.push(await world.east.create(world.observation(world.anna)));
    await eventually('all four', async () => numbers(await world.notified(path, 1)).length === 4);
    const some = await world.events(world.east, id, '?eventsSinceNumber=2&eventsUntilNumber=3&content=full-resource');
    expect(some).toMatchObject({ type: 'query-event', eventsSinceStart: '4', events: [{ number: '2' }, { number: '3' }] });
    expect(some.bundle.entry?.slice(1).map(({ resource }) => resource?.id)).toEqual(made.slice(1, 3));
    expect((await world.events(world.east, id, '?eventsSinceNumber=9')).events).toEqual([]);
    const posted = await world.east.post(`/Subscription/${id}/$events`, { resourceType: 'Parameters', parameter: [{ name: 'eventsSinceNumber', valueString: '4' }, { name: 'content', valueCode: 'empty' }] });
    expect(readNotification(posted.text).events).toEqual([{ number: '4', focus: undefined }]);
    for (const query of ['?eventsSinceNumber=x', '?content=all']) expect((await world.east.get(`/Subscription/${id}/$events${query}`)).status).toBe(400);
  });

  it('of plain R4 put the resource below the endpoint, or only ring', async () => {
    const plain = (path: string, payload?: string): Subscription => ({
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'Plain',
      criteria: 'Observation?code=http://loinc.org|1-8',
      channel: { type: 'rest-hook', endpoint: world.receiver.url + path, ...(payload ? { payload } : {}) },
    });
    for (const [path, payload] of [['/plain-put', 'application/fhir+json'], ['/plain-ring', undefined]] as const) await untilStatus(world.east, await world.east.create(plain(path, payload)), 'active');
    await world.east.create(world.observation(world.anna));
    const id = await world.east.create(world.observation(world.anna, '1-8'));
    const [put] = await world.receiver.waitFor(`/plain-put/Observation/${id}`, 1);
    expect(put).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/fhir+json' } });
    expect(JSON.parse(put?.text ?? '')).toMatchObject({ resourceType: 'Observation', id });
    expect(await world.receiver.waitFor('/plain-ring', 1)).toMatchObject([{ method: 'POST', text: '' }]);
    expect(world.receiver.at('/plain-ring')[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  });

  it('end when their end has come, and when their client says so', async () => {
    const { id, path } = await world.subscribe(world.east, { end: new Date(Date.now() + 30 * MINUTE + 60 * 60 * 1000).toISOString() });
    const other = await world.subscribe(world.east);
    const { body } = await world.east.get<Subscription>(`/Subscription/${other.id}`);
    expect((await world.east.put(`/Subscription/${other.id}`, { ...body, status: 'off' })).body).toMatchObject({ status: 'off' });
    await world.app.advance(2 * 60 * MINUTE);
    await untilStatus(world.east, id, 'off');
    expect((await world.east.delete(`/Subscription/${id}`)).status).toBe(204);
    expect((await world.east.get(`/Subscription/${id}`)).status).toBe(410);
    await world.east.create(world.observation(world.anna));
    const witness = await world.subscribe(world.east);
    await world.east.create(world.observation(world.anna));
    await world.notified(witness.path, 1);
    expect([world.receiver.at(path), world.receiver.at(other.path)].map((each) => each.length)).toEqual([1, 1]);
  });
});
