import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Communication, Task } from '@medplum/fhirtypes';
import { eventually } from '../support/eventually.js';
import { MessagingWorld, type ReminderAnswer } from '../support/messaging-world.js';
import { RestClient } from '../support/rest-client.js';

describe('reminders', () => {
  let world: MessagingWorld;

  beforeAll(async () => {
    world = await MessagingWorld.start();
  });
  afterAll(() => world.stop());

  const communication = async (id: string): Promise<Communication> => (await world.fhir.get<Communication>(`/Communication/${id}`)).body;
  const act = (path: string, version: number | undefined, body: object) => world.coordinator.post<ReminderAnswer>(path, body, version === undefined ? undefined : `W/"${version}"`);

  describe('planning', () => {
    it('sets a follow-up, and reminders three days and one day before a review', async () => {
      const id = await world.patient();
      const review = await world.review(id, world.inDays(20));
      const { id: followUp } = await world.reminder(id, 'follow-up', 'pending');
      const planned = Object.fromEntries((await world.list(id)).map(({ kind, dueAt }) => [kind, dueAt]));
      expect(planned).toEqual({ 'follow-up': world.inDays(13).toISOString(), 'review-3-days': world.inDays(17).toISOString(), 'review-1-day': world.inDays(19).toISOString() });
      expect(await communication(followUp)).toMatchObject({ status: 'preparation', subject: { reference: `Patient/${id}` }, about: [{ reference: `Task/${review}` }] });
    });

    it('moves them with the review, and skips those for which it is too late', async () => {
      const id = await world.patient();
      const review = await world.review(id, world.inDays(20));
      await world.reminder(id, 'follow-up', 'pending');
      await world.review(id, world.inDays(2), review, {}, 'plan.review-moved');
      expect(await world.reminder(id, 'follow-up', 'skipped')).toMatchObject({ rule: 'too-late' });
      expect((await world.reminder(id, 'review-1-day', 'pending')).dueAt).toBe(world.inDays(1).toISOString());
    });

    it('cancels them with the review', async () => {
      const id = await world.patient();
      const review = await world.review(id, world.inDays(20));
      await world.reminder(id, 'follow-up', 'pending');
      await world.review(id, world.inDays(20), review, { status: 'cancelled' }, 'plan.review-cancelled');
      const { id: followUp, rule } = await world.reminder(id, 'follow-up', 'cancelled');
      expect(rule).toBe('event-cancelled');
      expect((await communication(followUp)).status).toBe('not-done');
      expect((await world.list(id)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    });
  });

  describe('at the moment of sending', () => {
    /** A reminder that falls due at this hour of the clinic's day after tomorrow. */
    const dueAt = async (id: string, time: string): Promise<Date> => {
      await world.review(id, world.inDays(3, time));
      await world.reminder(id, 'review-1-day', 'pending');
      return world.inDays(2, time);
    };

    it('waits for the morning of the recipient', async () => {
      const id = await world.patient();
      await world.prefer(id, ['email'], 'America/Los_Angeles');
      await world.until(await dueAt(id, '10:00')); // seven in the morning in Los Angeles
      const waiting = await world.reminder(id, 'review-1-day', ({ steps }) => steps.some(({ event }) => event === 'postpone'));
      expect(waiting).toMatchObject({ state: 'pending', rule: 'quiet-hours', dueAt: world.inDays(0, '11:00').toISOString() });
      await world.until(world.inDays(0, '11:00'));
      expect((await world.reminder(id, 'review-1-day', 'sent')).channels).toEqual(['email']);
    });

    it('never writes to somebody who opted out meanwhile, and tells a coordinator', async () => {
      const id = await world.patient();
      const due = await dueAt(id, '10:00');
      expect((await world.coordinator.post(`patients/${id}/opt-outs`, { topic: 'care', how: 'phone' })).status).toBe(201);
      await world.until(due);
      const { escalations, sendings } = await world.reminder(id, 'review-1-day', 'escalated');
      expect(sendings).toEqual([]);
      expect(escalations).toMatchObject([{ reason: 'no-channel', rule: 'opted-out', state: 'open' }]);
      expect(world.textsTo(await world.phoneOf(id))).toEqual([]);
      const task = (await world.fhir.get<Task>(`/Task/${escalations[0]?.id}`)).body;
      expect(task).toMatchObject({ status: 'requested', for: { reference: `Patient/${id}` }, reasonCode: { coding: [{ code: 'no-channel' }] } });
    });

    it.each([
      ['died', { deceasedBoolean: true }, 'deceased'],
      ['is not there any more', undefined, 'subject-missing'],
    ])('sends nothing to a patient who %s', async (_, change, rule) => {
      const id = await world.patient();
      const due = await dueAt(id, '10:00');
      const { body } = await world.fhir.get(`/Patient/${id}`);
      const reply = change ? await world.fhir.put(`/Patient/${id}`, { ...body, ...change }) : await world.fhir.delete(`/Patient/${id}`);
      expect(reply.status).toBeLessThan(300);
      await world.until(due);
      expect(await world.reminder(id, 'review-1-day', 'skipped')).toMatchObject({ rule, sendings: [], escalations: [] });
    });

    it('sends nothing about a review that is over, even before the news of it came', async () => {
      const id = await world.patient();
      const review = await world.review(id, world.inDays(3));
      await world.reminder(id, 'review-1-day', 'pending');
      await world.review(id, world.inDays(3), review, { status: 'completed' }, 'nobody.listens');
      await world.until(world.inDays(2));
      expect(await world.reminder(id, 'review-1-day', 'skipped')).toMatchObject({ rule: 'no-longer-needed' });
    });

    it('sends one text a day to one patient, and waits with the next', async () => {
      const id = await world.patient({ telecom: [{ system: 'phone', use: 'mobile', value: '+12125550199' }] });
      await world.review(id, world.inDays(3));
      await world.reminder(id, 'review-1-day', 'pending');
      await world.until(world.inDays(2));
      await world.reminder(id, 'review-1-day', 'delivered');
      await world.review(id, world.inDays(3));
      const capped = await world.reminder(id, 'review-3-days', ({ steps }) => steps.some(({ event }) => event === 'postpone'));
      expect(capped).toMatchObject({ state: 'pending', rule: 'frequency-cap', dueAt: world.inDays(1, '08:00').toISOString() });
      expect(world.textsTo('+12125550199')).toHaveLength(1);
    });

    it('sends the second of two that fall due together on the next day, and says so meanwhile', async () => {
      const phone = '+12125550198';
      const id = await world.patient({ telecom: [{ system: 'phone', use: 'mobile', value: phone }] });
      for (const time of ['10:00', '10:00']) await world.review(id, world.inDays(3, time));
      const lastDay = async () => (await world.list(id)).filter(({ kind, state }) => kind === 'review-1-day' && state !== 'skipped');
      await eventually('both are planned', async () => (await lastDay()).length === 2);
      await world.until(world.inDays(2));
      const waiting = await eventually('one is on the phone, the other waits', async () => {
        const both = await lastDay();
        return both.some(({ state }) => state === 'delivered') ? both.find(({ state, dueAt }) => state !== 'delivered' && new Date(dueAt) > world.now()) : undefined;
      });
      expect(waiting.dueAt).toBe(world.inDays(1, '08:00').toISOString());
      await world.until(new Date(waiting.dueAt));
      await eventually('both are on the phone', async () => world.textsTo(phone).length === 2);
      await world.until(world.inDays(0));
    });
  });

  describe('when the patient answers', () => {
    /** A follow-up that was asked of a patient, and their number. */
    const asked = async (facts: Parameters<typeof world.patient>[0] = {}): Promise<{ id: string; phone: string; reminderId: string }> => {
      const id = await world.patient(facts);
      await world.review(id, world.inDays(7));
      const phone = await world.phoneOf(id);
      const { id: reminderId } = await world.reminder(id, 'follow-up', 'delivered');
      return { id, phone, reminderId };
    };

    it('puts the confirmation on the reminder, and asks nobody to do anything', async () => {
      const { id, phone, reminderId } = await asked();
      expect((await world.gateway.reply(phone, 'YES')).taken).toBe(true);
      expect(await world.reminder(id, 'follow-up', 'answered')).toMatchObject({ answer: 'confirmed', escalations: [] });
      const replies = await world.fhir.ids(`/Communication?subject=Patient/${id}`);
      const answer = (await Promise.all(replies.map(communication))).find(({ inResponseTo }) => inResponseTo?.[0]?.reference === `Communication/${reminderId}`);
      expect(answer).toMatchObject({ status: 'completed', sender: { reference: `Patient/${id}` }, topic: { coding: [{ code: 'reply-confirmed' }] } });
      expect(answer?.payload).toBeUndefined();
    });

    it.each([
      ['NO', 'reschedule', 'wants-reschedule'],
      ['My leg is worse, should I come earlier?', 'free-text', 'free-text'],
    ])('hands "%s" to a coordinator', async (text, answer, reason) => {
      const { id, phone } = await asked();
      await world.gateway.reply(phone, text);
      const { escalations } = await world.reminder(id, 'follow-up', (reminder) => reminder.state === 'escalated' && reminder.answer === answer);
      expect(escalations).toMatchObject([{ reason, state: 'open' }]);
      const reply = await communication(escalations[0]?.reply?.split('/')[1] ?? '');
      expect(reply.payload?.[0]?.contentString).toBe(answer === 'free-text' ? text : undefined);
    });

    it('lets a later word stand', async () => {
      const { id, phone } = await asked();
      await world.gateway.reply(phone, 'yes');
      await world.reminder(id, 'follow-up', 'answered');
      await world.gateway.reply(phone, 'no');
      expect(await world.reminder(id, 'follow-up', 'escalated')).toMatchObject({ answer: 'reschedule' });
    });

    it('hears a silence after two days, and takes the task back when the answer comes at last', async () => {
      const { id, phone } = await asked();
      await world.until(world.inDays(2, '10:30'));
      const { escalations } = await world.reminder(id, 'follow-up', 'escalated');
      expect(escalations).toMatchObject([{ reason: 'no-answer', state: 'open' }]);
      await world.gateway.reply(phone, 'YES');
      expect(await world.reminder(id, 'follow-up', 'answered')).toMatchObject({ answer: 'confirmed', escalations: [{ state: 'withdrawn' }] });
      expect((await world.fhir.get<Task>(`/Task/${escalations[0]?.id}`)).body.status).toBe('cancelled');
    });

    it('takes an answer by phone from a coordinator', async () => {
      const { id } = await asked();
      const { id: reminderId, version, availableActions } = await world.reminder(id, 'follow-up', 'delivered');
      expect(availableActions).toEqual(['cancel', 'answer']);
      expect((await act(`reminders/${reminderId}/answer`, version, { answer: 'stop' })).status).toBe(400);
      expect(await act(`reminders/${reminderId}/answer`, version, { answer: 'confirmed' })).toMatchObject({ status: 200, body: { state: 'answered', answer: 'confirmed' } });
    });
  });

  describe('questionnaires', () => {
    const assessment = async (patientId: string): Promise<void> => {
      const id = await world.review(patientId, world.inDays(14), undefined, { owner: { reference: `Patient/${patientId}` }, restriction: { period: { start: world.now().toISOString(), end: world.inDays(14).toISOString() } } }, 'nobody.listens');
      await world.app.transactions.run(world.app.scope(), async (tx) => {
        await tx.emit('assessment.requested', { assessmentId: id, patientId });
      });
    };

    it('need a consent of their own', async () => {
      const id = await world.patient();
      await assessment(id);
      expect((await world.reminder(id, 'questionnaire', 'escalated')).escalations).toMatchObject([{ reason: 'no-channel', rule: 'no-consent' }]);
    });

    it('arrive as a link that says nothing of the patient', async () => {
      const id = await world.patient();
      await world.coordinator.post(`patients/${id}/consents`, { topic: 'questionnaires', channel: 'sms', given: true, how: 'in-person' });
      await assessment(id);
      await world.reminder(id, 'questionnaire', 'delivered');
      const [text = ''] = world.textsTo(await world.phoneOf(id));
      expect(text).toMatch(new RegExp(`^Harbour Street Clinic: some questions: ${world.app.url}/answer/[\\w-]{54} STOP to end\\.$`));
    });
  });

  describe('what people see and do', () => {
    it('pages lists, newest first', async () => {
      const id = await world.patient();
      await world.review(id, world.inDays(20));
      await world.reminder(id, 'follow-up', 'pending');
      const page = (query: string) => world.coordinator.read<{ items: ReminderAnswer[]; next?: string }>(`reminders?patient=${id}&${query}`);
      const first = await page('limit=2');
      const second = await page(`limit=2&after=${first.next}`);
      expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, undefined]);
      expect(new Set([...first.items, ...second.items].map(({ id: one }) => one)).size).toBe(3);
      expect((await page('state=sent')).items).toEqual([]);
      expect((await world.coordinator.get('reminders?state=lost')).status).toBe(400);
    });

    it('calls a reminder off, once, naming the version that was read', async () => {
      const id = await world.patient();
      await world.review(id, world.inDays(20));
      const { id: reminderId, version } = await world.reminder(id, 'follow-up', 'pending');
      const cancel = (named: number | undefined) => act(`reminders/${reminderId}/cancellation`, named, { reason: 'Told in person' });
      expect((await cancel(undefined)).status).toBe(428);
      expect((await cancel(version + 1)).status).toBe(412);
      const cancelled = await cancel(version);
      expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', availableActions: [] } });
      expect((await cancel(cancelled.body.version)).status).toBe(409);
      expect((await act(`reminders/${reminderId}/answer`, cancelled.body.version, { answer: 'confirmed' })).status).toBe(409);
    });

    it('resolves an escalation from the worklist', async () => {
      const id = await world.patient({ telecom: undefined });
      await world.review(id, world.inDays(1));
      await world.reminder(id, 'review-1-day', 'escalated');
      const [open] = await world.escalations(id);
      expect(open).toMatchObject({ reason: 'no-channel', nextStep: expect.stringContaining('Call the patient'), overdue: false, availableActions: ['resolve'] });
      const resolve = (body: object) => act(`escalations/${open?.id}/resolution`, open?.version, body);
      expect((await resolve({ outcome: 'vanished' })).status).toBe(400);
      const resolved = await resolve({ outcome: 'reached-by-phone', note: 'Has no phone of her own; write letters.' });
      expect(resolved).toMatchObject({ status: 200, body: { state: 'resolved', outcome: 'reached-by-phone', availableActions: [] } });
      expect(await world.escalations(id)).toEqual([]);
      expect((await world.fhir.get<Task>(`/Task/${open?.id}`)).body.status).toBe('completed');
    });

    it('is for those whose work it is', async () => {
      const auditor = new RestClient(world.app, await world.app.as('auditor'));
      expect((await auditor.get('reminders')).status).toBe(403);
      expect((await auditor.get('escalations')).status).toBe(403);
      expect((await new RestClient(world.app, undefined).get('reminders')).status).toBe(401);
    });
  });
});
