import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Patient, Task } from '@medplum/fhirtypes';
import { STEPS, walk } from '../../apps/demo/src/journey/journey.js';
import { silentStory } from '../../apps/demo/src/story.js';
import { noneLeft, startJourneyWorld, type JourneyWorld } from '../support/journey-world.js';

/** The way forward of a Task that goes well. */
const FORWARD: readonly Task['status'][] = ['requested', 'received', 'accepted', 'in-progress', 'completed'];

/** Journeys in which the worker is killed twice, so that each step is once the last before a kill. */
const HALF = Math.ceil(STEPS.length / 2);
const journeys = STEPS.slice(0, HALF).map(({ name }, number) => [name, STEPS[number + HALF]?.name].filter((step) => step !== undefined));

/**
 * Reminders that are about to leave or leaving by mail. A mail whose worker is killed while it leaves can't be sent again, since nobody knows its fate: a person takes over
 * (tests/integration/notifications-kill.spec.ts), and the patient of the journey would wait for its link in vain.
 */
const LEAVING = `with present as (select now() + make_interval(secs => offset_ms / 1000.0) as at from demo_clock)
  select 'reminder' as what, state from reminder, present where state = 'claimed' or (state = 'pending' and due_at <= at)
  union all select 'message', state from message, present where channel = 'email' and (state = 'sending' or (state = 'queued' and due_at <= at))`;

/** Journeys that share a world. Each takes a patient of its own who has a phone and a mailbox; the invented hospital has at least so many. */
const PER_WORLD = 3;
const worlds = Array.from({ length: Math.ceil(journeys.length / PER_WORLD) }, (_, number) => journeys.slice(number * PER_WORLD, (number + 1) * PER_WORLD));

describe.each(worlds.map((walks, number) => ({ walks, number: number + 1 })))('a worker that is killed after each step in turn, world $number', ({ walks }) => {
  let world: JourneyWorld;
  let patients: string[] = [];

  beforeAll(async () => {
    world = await startJourneyWorld({ honoursIdempotency: true });
    const { patients: ranked } = await world.sandbox.ehr.desk.ranking();
    const reached = (patient: Patient, system: string): boolean => patient.telecom?.some((point) => point.system === system) === true;
    patients = ranked.flatMap(({ record: { patient } }) => (reached(patient, 'sms') && reached(patient, 'email') ? [patient.id] : []));
  }, 60_000);
  afterAll(() => world.stop(), 60_000);

  it.each(walks.map((steps, index) => [steps.join(' and '), steps, index] as const))('after %s: the journey completes', async (_, steps, index) => {
    const hospitalPatientId = patients[index];
    if (hospitalPatientId === undefined) throw new Error('The hospital has too few patients.');
    const course = await walk(world, silentStory(), {
      hospitalPatientId,
      afterStep: async (step) => {
        if (!steps.includes(step.name)) return;
        await noneLeft(world, LEAVING);
        await world.killWorker();
      },
    });
    const [, number] = course.placer.split('|');
    const statuses = world.sandbox.ehr.changes
      .all()
      .filter((resource): resource is Task & { id: string } => resource.resourceType === 'Task' && resource.identifier?.some(({ value }) => value === number) === true)
      .map(({ status }) => FORWARD.indexOf(status));
    expect(statuses).not.toContain(-1);
    expect(statuses).toEqual([...statuses].sort((a, b) => a - b));
    expect(statuses.at(-1)).toBe(FORWARD.indexOf('completed'));
  }, 180_000);

  it('nothing was lost: every event is handled and every delivery made', async () => {
    await noneLeft(world, `select handler, state from event_handling where state <> 'done'`);
    await noneLeft(world, `select resource_type, state from ehr_delivery where state not in ('delivered', 'fallback', 'not-taken')`);
  });

  it('no text was sent twice, since the gateway honours keys', () => {
    const sent = world.sandbox.sms.messages.all().filter(({ direction }) => direction === 'to-phone');
    const keys = sent.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).not.toContain(undefined);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('every uncertain attempt elsewhere is on record as unknown, and none is left under way', async () => {
    await noneLeft(world, `select word from message_attempt where word = 'sending'`);
    const mails = world.sandbox.smtp.messages.all().length;
    const [row] = await world.look<{ sent: number; unknown: number }>(
      `select count(*) filter (where a.word = 'sent')::int as sent, count(*) filter (where a.word = 'unknown')::int as unknown
       from message_attempt a join message m on m.clinic_id = a.clinic_id and m.id = a.message_id where m.channel = 'email'`,
    );
    expect(mails).toBeGreaterThanOrEqual(row?.sent ?? 0);
    expect(mails).toBeLessThanOrEqual((row?.sent ?? 0) + (row?.unknown ?? 0));
  });
});
