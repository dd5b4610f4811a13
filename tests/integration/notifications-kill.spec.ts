import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { MessagingWorld } from '../support/messaging-world.js';
import { mail, mobile } from '../support/patient-factory.js';

/** Worker processes are started in each test, which takes a busy machine its time. */
const PATIENCE_MS = 40_000;
jest.setTimeout(120_000);

/** How long the slow gateway takes: less than a call may, longer than killing a worker. */
const SLOW_MS = 4_000;

/** A provider that takes a message and does not answer before the worker is killed. */
describe.each([{ keys: true }, { keys: false }])('a worker killed between the provider’s yes and Cairn’s record, keys honoured: $keys', ({ keys }) => {
  let world: MessagingWorld;
  /** The one that runs. It stays for the next test: to start one takes seconds. */
  let worker: ChildProcess | undefined;

  beforeAll(async () => {
    world = await MessagingWorld.start({ worker: false, environment: { SMS_HONOURS_IDEMPOTENCY: String(keys) } }, { honoursIdempotency: keys });
    world.gateway.behaviour.outcome = 'silent';
  });
  afterAll(async () => {
    await kill();
    await world.stop();
  });
  afterEach(() => {
    world.gateway.faults.clear();
    world.inbox.faults.clear();
  });

  const start = async (): Promise<void> => {
    worker ??= await world.workerProcess();
  };
  const kill = async (): Promise<void> => {
    const killed = worker;
    worker = undefined;
    if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
    const gone = once(killed, 'exit');
    killed.kill('SIGKILL');
    await gone;
  };
  /** Nobody waits twenty seconds in a test: the lease of what the dead worker held ends now. */
  const endLeases = () => world.rows(`update message set retry_at = now() where state = 'sending'`);
  const attemptsOf = (reminderId: string) =>
    world.rows<{ channel: string; word: string; code: string | null; key: string }>(
      `select m.channel, a.word, a.code, a.idempotency_key as key from message m join message_attempt a on a.clinic_id = m.clinic_id and a.message_id = m.id where m.reminder_id = $1 order by a.id`,
      [reminderId],
    );

  it('sends no second text without keys, and the same once more with them', async () => {
    const [phone, to] = ['+16465550150', 'kept@example.org'];
    const id = await world.patient({ telecom: [mobile(phone), mail(to)] });
    world.gateway.faults.set({ mode: 'hang', times: 1 });
    await world.review(id, world.inDays(1));
    await start();
    await world.gateway.waitFor((message) => message.to === phone, PATIENCE_MS);
    await kill();
    await endLeases();
    await start();
    const { id: reminderId } = await world.reminder(id, 'review-1-day', 'sent');
    const attempts = await attemptsOf(reminderId);
    expect(world.textsTo(phone)).toHaveLength(1);
    if (keys) {
      expect(attempts).toMatchObject([{ channel: 'sms', word: 'unknown', code: 'lease-ran-out' }, { channel: 'sms', word: 'sent' }]);
      expect(attempts[1]?.key).toBe(attempts[0]?.key);
      expect(world.inbox.messages.all()).toEqual([]);
    } else {
      expect(attempts).toMatchObject([{ channel: 'sms', word: 'unknown', code: 'lease-ran-out' }, { channel: 'email', word: 'sent' }]);
      expect(world.inbox.messages.all().filter(({ to: recipients }) => recipients.includes(to))).toHaveLength(1);
    }
  });

  it('never sends a letter twice, and tells a person', async () => {
    const to = `letter.${keys}@example.org`;
    const id = await world.patient({ telecom: [mail(to)] });
    world.inbox.faults.set({ mode: 'hang', times: 1 });
    await world.review(id, world.inDays(1));
    await start();
    await world.inbox.waitFor(({ to: recipients }) => recipients.includes(to), PATIENCE_MS);
    await kill();
    await endLeases();
    await start();
    const { id: reminderId, escalations } = await world.reminder(id, 'review-1-day', 'escalated');
    expect(escalations).toMatchObject([{ reason: 'outcome-unknown' }]);
    expect(await attemptsOf(reminderId)).toMatchObject([{ channel: 'email', word: 'unknown' }]);
    expect(world.inbox.messages.all().filter(({ to: recipients }) => recipients.includes(to))).toHaveLength(1);
  });

  it('never makes two texts where the gateway is slow to take it and the worker did not live to see it', async () => {
    const phone = '+16465550151';
    const id = await world.patient({ telecom: [mobile(phone)] });
    world.gateway.faults.set({ mode: 'slow', times: 1, delayMs: SLOW_MS });
    await world.review(id, world.inDays(1));
    await start();
    await eventually('the call', async () => (await world.rows(`select 1 from message where patient_id = $1 and state = 'sending'`, [id]))[0], PATIENCE_MS);
    const called = performance.now();
    await kill();
    await endLeases();
    await start();
    const { sendings } = await world.reminder(id, 'review-1-day', keys ? 'sent' : 'escalated');
    expect(sendings.map(({ word }) => word)).toContain('unknown');
    await pause(Math.max(0, SLOW_MS + 500 - (performance.now() - called))); // Until the slow call has come through, if it does.
    expect(world.textsTo(phone).length).toBeLessThanOrEqual(1);
    if (keys) expect(world.textsTo(phone)).toHaveLength(1);
  });
});
