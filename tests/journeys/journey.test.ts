import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { walk } from '../../apps/demo/src/journey/journey.js';
import { silentStory } from '../../apps/demo/src/story.js';
import { noneLeft, startJourneyWorld, type JourneyWorld } from '../support/journey-world.js';
import { describeWithTestData } from '../support/test-data.js';

describe('the way of a referral', () => {
  let world: JourneyWorld;
  beforeAll(async () => {
    world = await startJourneyWorld();
  }, 60_000);
  afterAll(() => world.stop(), 60_000);

  it('leads from the hospital to the patient and back', async () => {
    const course = await walk(world, silentStory());
    expect(course.baseline).toBe('7.7');
    expect(course.followUp).toBe('4.3');
  }, 120_000);

  it('leaves nothing undone: no event unhandled, no delivery open, no attempt unknown', async () => {
    await noneLeft(world, `select handler, state, attempts from event_handling where state <> 'done'`);
    await noneLeft(world, `select resource_type, state from ehr_delivery where state not in ('delivered', 'fallback', 'not-taken')`);
    await noneLeft(world, `select word from message_attempt where word in ('sending', 'unknown')`);
  });

  it('is in the audit log, act by act', async () => {
    const rows = await world.look<{ what: string }>('select distinct what from audit');
    const acts = rows.map(({ what }) => what);
    for (const act of ['referral.accept', 'plan.activate']) expect(acts.some((what) => what.startsWith(act))).toBe(true);
  });
});

describeWithTestData('synthea-r4', 'the way of a referral from a hospital with records of others', (folder) => {
  let world: JourneyWorld;
  beforeAll(async () => {
    world = await startJourneyWorld({ patients: folder });
  }, 60_000);
  afterAll(() => world.stop(), 60_000);

  it('leads to the patient and back as well', async () => {
    expect((await walk(world, silentStory())).followUp).toBe('4.3');
  }, 120_000);
});
