import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { MessagingWorld } from '../support/messaging-world.js';
import { Staff, type ReferralAnswer } from '../support/referral-factory.js';

const MINUTES_3 = 3 * 60_000;
const DAY = 24 * 3_600_000;

describe('what a patient is told of a referral', () => {
  let world: MessagingWorld;
  let coordinator: Staff;

  beforeAll(async () => {
    world = await MessagingWorld.start();
    coordinator = new Staff(world.app, await world.app.as('coordinator'));
  });
  afterAll(() => world.stop());

  /** Takes a phoned-in referral of the patient to triage. */
  const referred = async (patientId: string): Promise<ReferralAnswer> => {
    const { status, body } = await coordinator.call('POST', '/referrals', { patient: { id: patientId }, referrer: { name: 'Practice nurse' }, receivedBy: 'phone', reason: 'Back trouble for a year' });
    expect(status).toBe(201);
    return coordinator.act(body.id, 'POST', 'triage');
  };
  const decided = async (id: string, path: string, body: object): Promise<void> => {
    await coordinator.act(id, 'POST', path, body);
    await world.app.advance(MINUTES_3);
    // The worker lets it take effect, in its own time: whoever acts before would act on what is about to change.
    await eventually('the decision has taken effect', async () => (await coordinator.read(id)).body.decision?.undoableUntil == null);
  };
  const newestMail = async (patientId: string, subject: string): Promise<string> => {
    const [email] = (await world.coordinator.read<{ emails: string[] }>(`patients/${patientId}`)).emails;
    return eventually(`a mail "${subject}"`, () => world.inbox.messages.all().find((mail) => mail.to.includes(email ?? '') && mail.subject.startsWith(subject))?.text, 25_000);
  };

  it('is that it arrived, in the patient’s language and without what the clinic treats', async () => {
    const id = await world.patient({ language: 'es' });
    await world.prefer(id, ['sms']);
    await referred(id);
    await world.reminder(id, 'referral-received', ({ state }) => state === 'sent' || state === 'delivered');
    const [text] = world.textsTo(await world.phoneOf(id));
    expect(text).toContain('su solicitud ha llegado');
    expect(text).not.toMatch(/dolor|pain/i);
  });

  it('is what happens next, that they wait and what to do when it gets worse, and the day of the visit', async () => {
    const id = await world.patient();
    await world.prefer(id, ['email']);
    const { id: referral } = await referred(id);
    await decided(referral, 'acceptance', { urgency: 'routine', pathway: 'assessment', comment: 'An assessment helps.' });
    expect(await newestMail(id, 'What happens next')).toContain('we tell you what it is and when');
    await coordinator.act(referral, 'POST', 'waitlisting', { comment: 'No place this month.' });
    expect(await newestMail(id, 'You are on the waiting list')).toContain('If things get worse while you wait, call us');
    const start = new Date(world.now().getTime() + 10 * DAY);
    await coordinator.act(referral, 'POST', 'appointment', { start: start.toISOString(), minutes: 45 });
    expect(await newestMail(id, 'Your visit')).toContain(String(start.getUTCFullYear()));
  });

  it('is the question whether they still wait and how they are, with a link to answer by', async () => {
    const id = await world.patient();
    await world.prefer(id, ['email']);
    const { id: referral } = await referred(id);
    await decided(referral, 'acceptance', { urgency: 'routine', pathway: 'assessment', comment: 'An assessment helps.' });
    await coordinator.act(referral, 'POST', 'waitlisting', { comment: 'No place this month.' });
    await world.until(world.inDays(120, '11:00'));
    const link = /http\S+\/waiting\/\S+/.exec(await newestMail(id, 'Do you still wait'))?.[0] ?? '';
    expect((await fetch(link)).status).toBe(200);
    const form = new URLSearchParams({ answer: 'worse', comment: 'Cannot climb stairs.' });
    expect((await fetch(link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form })).status).toBe(200);
    expect((await coordinator.read(referral)).body.state).toBe('in-triage');
  });

  it('is what to do instead, where the referral is declined; older news that has not left is taken back', async () => {
    const id = await world.patient();
    await world.prefer(id, ['email'], 'Asia/Tokyo'); // ten in the morning in New York is night there
    const { id: referral } = await referred(id);
    await world.reminder(id, 'referral-received', ({ steps }) => steps.some(({ event }) => event === 'postpone'));
    await decided(referral, 'decline', { reason: 'outside-scope', advice: 'Please begin with physiotherapy nearby.', comment: 'Not for us.' });
    await world.reminder(id, 'referral-declined', 'pending');
    expect(await world.reminder(id, 'referral-received', 'cancelled')).toMatchObject({ rule: 'superseded' });
    await world.until(world.inDays(1, '09:00'));
    await world.until(world.inDays(0, '20:30'));
    expect(await newestMail(id, 'About your referral')).toContain('talk about what to do instead');
  });

  it('becomes one call by a coordinator, where no message reaches the patient', async () => {
    const id = await world.patient({ telecom: [{ system: 'fax', value: '+12125550199' }] });
    const { id: referral } = await referred(id);
    await eventually('an escalation', async () => (await world.escalations(id)).length === 1, 25_000);
    await decided(referral, 'acceptance', { urgency: 'routine', pathway: 'assessment', comment: 'An assessment helps.' });
    await world.reminder(id, 'referral-accepted', 'escalated');
    expect(await world.escalations(id)).toEqual([expect.objectContaining({ reason: 'no-channel' })]);
  });
});
