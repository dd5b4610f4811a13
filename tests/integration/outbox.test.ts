import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DueWorkRegistry, EventHandlers, LANES, QUEUES, cairnScope, type Queues } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { describeOnEachQueue } from '../support/queue-backends.js';

describeOnEachQueue('news between features', (environment) => {
  let app: TestApp;
  const handled: string[] = [];
  let locked = false;

  beforeAll(async () => {
    app = await startTestApp({ worker: true, environment });
    const handlers = app.worker?.get(EventHandlers);
    handlers?.register({
      name: 'test.note',
      events: ['test.happened'],
      handle: async (tx, event) => {
        handled.push(String(event.ids['thing']));
        if (event.ids['thing'] === 'fails-once' && handled.filter((thing) => thing === 'fails-once').length === 1) throw new Error('not yet');
        if (event.ids['thing'] === 'kept' && locked) throw new Error('not yet');
        await tx.emit('test.followed', { thing: String(event.ids['thing']) });
      },
    });
  });

  afterAll(() => app.stop());

  const emit = (thing: string) =>
    app.transactions.run(cairnScope(app.clinicId, 'test', 'test-correlation'), (tx) => tx.emit('test.happened', { thing }));

  const count = (sql: string) =>
    app.transactions.read(app.scope(), async (tx) => Number((await tx.query<{ n: string }>(sql))[0]?.n));

  it('reaches its handler once, and what the handler emits stands in the same commit', async () => {
    await emit('one');
    await eventually('the follow-up event', async () => (await count(`select count(*) n from outbox where event = 'test.followed' and ids->>'thing' = 'one'`)) === 1);
    expect(handled.filter((thing) => thing === 'one')).toHaveLength(1);
  });

  it('rolls back with the transaction that told it', async () => {
    await expect(
      app.transactions.run(app.scope(), async (tx) => {
        await tx.emit('test.happened', { thing: 'never' });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await count(`select count(*) n from outbox where ids->>'thing' = 'never'`)).toBe(0);
  });

  it('comes back after a failure, and leaves nothing of the failed try', async () => {
    await emit('fails-once');
    await eventually('the second try', async () => (await count(`select count(*) n from outbox where event = 'test.followed' and ids->>'thing' = 'fails-once'`)) === 1);
    expect(await count(`select count(*) n from event_handling where state = 'done' and attempts = 1`)).toBe(1);
  });

  it('survives the loss of the whole queue', async () => {
    locked = true;
    await emit('kept');
    await eventually('a first try', () => handled.includes('kept'));
    const queues = app.worker?.get<Queues>(QUEUES);
    await Promise.all(LANES.map((lane) => queues?.[lane].obliterate({ force: true }) ?? Promise.resolve()));
    locked = false;
    await eventually('the event handled all the same', async () => (await count(`select count(*) n from outbox where event = 'test.followed' and ids->>'thing' = 'kept'`)) === 1, 25_000);
  });

  it('has exactly one handler for each kind of work', () => {
    const registry = app.worker?.get(DueWorkRegistry);
    const [work] = registry?.all() ?? [];
    expect(work).toBeDefined();
    expect(() => work && registry?.register(work)).toThrow(/Two kinds of due work/);
  });
});
