import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Communication, Task } from '@medplum/fhirtypes';
import { MessagingWorld } from '../support/messaging-world.js';

describe('reminders', () => {
  let world: MessagingWorld;

  beforeAll(async () => {
    world = await MessagingWorld.start();
  });
  afterAll(() => world.stop());

  const communication = async (id: string): Promise<Communication> => (await world.fhir.get<Communication>(`/Communication/${id}`)).body;
  const act = (path: string, version: number | undefined, body: object) => {
    const request = world.app.request.post(`/api/v1/${path}`).set('authorization', world.coordinator);
    return (version === undefined ? request : request.set('if-match', `W/"${version}"`)).send(body);
  };

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
      const { headers } = await world.app.request.get(`/api/v1/patients/${id}/contact-preferences`).set('authorization', world.coordinator);
      await world.app.request.put(`/api/v1/patients/${id}/contact-preferences`).set('authorization', world.coordinator).set('if-match', String(headers['etag'])).send({ channels: ['email'], zone: 'America/Los_Angeles' }).expect(200);
      await world.until(await dueAt(id, '10:00')); // seven in the morning in Los Angeles
      const waiting = await world.reminder(id, 'review-1-day', ({ steps }) => steps.some(({ event }) => event === 'postpone'));
      expect(waiting).toMatchObject({ state: 'pending', rule: 'quiet-hours', dueAt: world.inDays(0, '11:00').toISOString() });
      await world.until(world.inDays(0, '11:00'));
      expect((await world.reminder(id, 'review-1-day', 'sent')).channels).toEqual(['email']);
    });

    it('never writes to somebody who opted out meanwhile, and tells a coordinator', async () => {
      const id = await world.patient();
      const due = await dueAt(id, '10:00');
      await world.app.request.post(`/api/v1/patients/${id}/opt-outs`).set('authorization', world.coordinator).send({ topic: 'care', how: 'phone' }).expect(201);
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
      await act(`reminders/${reminderId}/answer`, version, { answer: 'stop' }).expect(400);
      const { body } = await act(`reminders/${reminderId}/answer`, version, { answer: 'confirmed' }).expect(200);
      expect(body).toMatchObject({ state: 'answered', answer: 'confirmed' });
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
      await world.app.request.post(`/api/v1/patients/${id}/consents`).set('authorization', world.coordinator).send({ topic: 'questionnaires', channel: 'sms', given: true, how: 'in-person' }).expect(201);
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
      const page = async (query: object) => (await world.app.request.get('/api/v1/reminders').query({ patient: id, ...query }).set('authorization', world.coordinator).expect(200)).body;
      const first = await page({ limit: 2 });
      const second = await page({ limit: 2, cursor: first.next });
      expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, undefined]);
      expect(new Set([...first.items, ...second.items].map(({ id: one }: { id: string }) => one)).size).toBe(3);
      expect((await page({ state: 'sent' })).items).toEqual([]);
      await world.app.request.get('/api/v1/reminders').query({ state: 'lost' }).set('authorization', world.coordinator).expect(400);
    });

    it('calls a reminder off, once, naming the version that was read', async () => {
      const id = await world.patient();
      await world.review(id, world.inDays(20));
      const { id: reminderId, version } = await world.reminder(id, 'follow-up', 'pending');
      await act(`reminders/${reminderId}/cancellation`, undefined, { reason: 'Told in person' }).expect(428);
      await act(`reminders/${reminderId}/cancellation`, version + 1, { reason: 'Told in person' }).expect(412);
      const { body } = await act(`reminders/${reminderId}/cancellation`, version, { reason: 'Told in person' }).expect(200);
      expect(body).toMatchObject({ state: 'cancelled', availableActions: [] });
      await act(`reminders/${reminderId}/cancellation`, body.version, { reason: 'Told in person' }).expect(409);
      await act(`reminders/${reminderId}/answer`, body.version, { answer: 'confirmed' }).expect(409);
    });

    it('resolves an escalation from the worklist', async () => {
      const id = await world.patient({ telecom: undefined });
      await world.review(id, world.inDays(1));
      await world.reminder(id, 'review-1-day', 'escalated');
      const worklist = async () => (await world.app.request.get('/api/v1/escalations').query({ patient: id }).set('authorization', world.coordinator).expect(200)).body.items;
      const [open] = await worklist();
      expect(open).toMatchObject({ reason: 'no-channel', nextStep: expect.stringContaining('Call the patient'), overdue: false, availableActions: ['resolve'] });
      await act(`escalations/${open.id}/resolution`, open.version, { outcome: 'vanished' }).expect(400);
      const { body } = await act(`escalations/${open.id}/resolution`, open.version, { outcome: 'reached-by-phone', note: 'Has no phone of her own; write letters.' }).expect(200);
      expect(body).toMatchObject({ state: 'resolved', outcome: 'reached-by-phone', availableActions: [] });
      expect(await worklist()).toEqual([]);
      expect((await world.fhir.get<Task>(`/Task/${open.id}`)).body.status).toBe('completed');
    });

    it('is for those whose work it is', async () => {
      const auditor = await world.app.as('auditor');
      await world.app.request.get('/api/v1/reminders').set('authorization', auditor).expect(403);
      await world.app.request.get('/api/v1/escalations').set('authorization', auditor).expect(403);
      await world.app.request.get('/api/v1/reminders').expect(401);
    });
  });
});
