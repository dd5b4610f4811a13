import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { MessagingWorld } from '../support/messaging-world.js';
import { mail, mobile } from '../support/patient-factory.js';

describe('notifications', () => {
  let world: MessagingWorld;

  beforeAll(async () => {
    world = await MessagingWorld.start();
  });
  afterAll(() => world.stop());
  afterEach(() => {
    world.gateway.faults.clear();
    world.inbox.faults.clear();
    Object.assign(world.gateway.behaviour, { outcome: 'delivered', duplicateCallbacks: false, callbacksOutOfOrder: false });
  });

  let made = 0;
  const number = (): string => `+1917555${String(100 + made++).padStart(4, '0')}`;
  const address = (): string => `patient.${made++}@example.org`;
  const mailTo = (to: string) => world.inbox.messages.all().filter((letter) => letter.to.includes(to));
  const attemptsOf = (reminderId: string) =>
    world.rows<{ channel: string; word: string; code: string | null; state: string }>(
      `select m.channel, m.state, a.word, a.code from message m join message_attempt a on a.clinic_id = m.clinic_id and a.message_id = m.id where m.reminder_id = $1 order by a.id`,
      [reminderId],
    );

  describe('a follow-up reminder', () => {
    it('arrives as a letter by e-mail and as a question by text, in the patient’s language, with the least in it', async () => {
      const [phone, to] = [number(), address()];
      const id = await world.patient({ language: 'es-MX', name: [{ given: ['Lucía', 'Inés'], family: 'Example' }], telecom: [mobile(phone), mail(to)] });
      await world.review(id, world.inDays(7));
      const { id: reminderId, channels, sendings } = await world.reminder(id, 'follow-up', 'delivered');
      expect(channels).toEqual(['sms', 'email']);
      await eventually('the letter', () => mailTo(to)[0]);
      const day = new Intl.DateTimeFormat('es-MX', { timeZone: 'America/New_York', weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(world.inDays(7));
      expect(world.textsTo(phone)).toEqual([expect.stringMatching(/^Lucia, Harbour Street Clinic: su proxima visita: .+ SI para confirmar, NO para cambiar\. Tel\. \(212\) 555-0100\. Fin: STOP\.$/)]);
      const [letter] = mailTo(to);
      expect(letter).toMatchObject({ subject: 'Su próxima visita en Harbour Street Clinic', from: 'no-reply@clinic.example', html: undefined });
      expect(letter?.text).toContain(`Hola, Lucía:\n\nSu próxima visita en Harbour Street Clinic está prevista para el ${day}.`);
      expect(letter?.text).not.toContain('Example');
      expect(letter?.headers).toMatchObject({ from: 'Harbour Street Clinic <no-reply@clinic.example>', 'auto-submitted': 'auto-generated', 'list-unsubscribe-post': 'List-Unsubscribe=One-Click' });
      expect(sendings.filter(({ channel }) => channel === 'sms').map(({ word }) => word)).toEqual(['sending', 'sent', 'delivered']);
      const words = await eventually('both records', async () => {
        const attempts = await attemptsOf(reminderId);
        return attempts.every(({ word }) => word !== 'sending') ? attempts.map(({ channel, word }) => `${channel} ${word}`).sort() : undefined;
      });
      expect(words).toEqual(['email sent', 'sms delivered']);
    });

    it('is on record with whom, how and by which template, and its text nowhere', async () => {
      const phone = number();
      const id = await world.patient({ telecom: [mobile(phone)] });
      await world.review(id, world.inDays(7));
      await world.reminder(id, 'follow-up', 'delivered');
      const audits = await world.rows<{ purpose: string; entities: string[] }>(`select purpose, entities from audit where what = 'message.sent' and $1 = any(patients)`, [id]);
      expect(audits).toMatchObject([{ purpose: expect.stringMatching(/^sms follow-up en \d{4}/) }]);
      const tables = await world.rows<{ name: string }>(`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and has_table_privilege(oid, 'select')`);
      expect(tables.length).toBeGreaterThan(20);
      for (const { name } of tables) expect(await world.rows(`select 1 from "${name}" t where t::text like '%to confirm, NO to change%'`)).toEqual([]);
    });

    it('is in English for a language that is not offered, and says that an interpreter is needed', async () => {
      const phone = number();
      const id = await world.patient({ language: 'so', telecom: [mobile(phone)] });
      await world.review(id, world.inDays(7));
      expect(await world.reminder(id, 'follow-up', 'delivered')).toMatchObject({ interpreterNeeded: true });
      expect(world.textsTo(phone)[0]).toContain('your next visit is');
    });

    it('goes by the one channel that there is', async () => {
      const to = address();
      const id = await world.patient({ telecom: [mail(to)] });
      await world.review(id, world.inDays(7));
      expect((await world.reminder(id, 'follow-up', 'sent')).channels).toEqual(['email']);
      expect(mailTo(to)).toHaveLength(1);
    });
  });

  describe('when a provider has trouble', () => {
    /** A reminder of the kind that tries one channel after another, due now. */
    const due = async (facts: Parameters<typeof world.patient>[0]): Promise<string> => {
      const id = await world.patient(facts);
      await world.review(id, world.inDays(1));
      return id;
    };

    it('tries a busy gateway again, and is sent once', async () => {
      const phone = number();
      world.gateway.faults.set({ mode: 'unavailable', times: 2, retryAfterSeconds: 0 });
      const id = await due({ telecom: [mobile(phone)] });
      const { id: reminderId } = await world.reminder(id, 'review-1-day', 'delivered');
      expect(world.textsTo(phone)).toHaveLength(1);
      expect((await attemptsOf(reminderId)).map(({ word, code }) => [word, code])).toEqual([['failed', 'http-503'], ['failed', 'http-503'], ['delivered', null]]);
    });

    it('takes the next channel where the gateway says that a message did not arrive', async () => {
      const [phone, to] = [number(), address()];
      world.gateway.behaviour.outcome = 'undelivered';
      const id = await due({ telecom: [mobile(phone), mail(to)] });
      const { sendings } = await world.reminder(id, 'review-1-day', ({ sendings: news }) => news.some(({ channel, word }) => channel === 'email' && word === 'sent'));
      expect(sendings.map(({ channel, word }) => `${channel} ${word}`)).toEqual(expect.arrayContaining(['sms undelivered', 'email sent']));
      expect([world.textsTo(phone).length, mailTo(to).length]).toEqual([1, 1]);
    });

    it('hands over to a person where no channel is left', async () => {
      world.gateway.behaviour.outcome = 'undelivered';
      const id = await due({ telecom: [mobile(number())] });
      expect(await world.reminder(id, 'review-1-day', 'escalated')).toMatchObject({ escalations: [{ reason: 'undelivered', state: 'open' }] });
    });

    it('takes the next channel where there is no such mailbox', async () => {
      const [phone, to] = [number(), address()];
      world.inbox.faults.set({ mode: 'reject', times: 1 });
      const id = await world.patient({ telecom: [mail(to), mobile(phone)] });
      await world.prefer(id, ['email', 'sms']);
      await world.review(id, world.inDays(1));
      const { sendings } = await world.reminder(id, 'review-1-day', 'delivered');
      expect(sendings.map(({ channel, word }) => `${channel} ${word}`)).toEqual(['email sending', 'email undelivered', 'sms sending', 'sms sent', 'sms delivered']);
    });

    it.each(['drop', 'hang'] as const)('never sends a text twice when the gateway takes it and its answer is lost (%s)', async (mode) => {
      const [phone, to] = [number(), address()];
      world.gateway.behaviour.outcome = 'silent';
      world.gateway.faults.set({ mode, times: 1 });
      const id = await due({ telecom: [mobile(phone), mail(to)] });
      const { id: reminderId } = await world.reminder(id, 'review-1-day', 'sent');
      expect(world.textsTo(phone)).toHaveLength(1);
      expect(mailTo(to)).toHaveLength(1);
      expect((await attemptsOf(reminderId)).map(({ channel, word }) => `${channel} ${word}`)).toEqual(['sms unknown', 'email sent']);
      const audits = await world.rows<{ what: string }>(`select what from audit where what like 'message.%' and $1 = any(patients) order by id`, [id]);
      expect(audits.map(({ what }) => what)).toEqual(['message.outcome-unknown', 'message.sent']);
    });

    it('never sends a letter twice when the server takes it and its answer is lost, and tells a person', async () => {
      const to = address();
      world.inbox.faults.set({ mode: 'drop', times: 1 });
      const id = await due({ telecom: [mail(to)] });
      expect(await world.reminder(id, 'review-1-day', 'escalated')).toMatchObject({ escalations: [{ reason: 'outcome-unknown' }] });
      await world.until(world.inDays(0, '20:00'));
      expect(mailTo(to)).toHaveLength(1);
    });

    it('puts on record a callback that settles later what nobody knew', async () => {
      const phone = number();
      world.gateway.behaviour.outcome = 'silent';
      world.gateway.faults.set({ mode: 'drop', times: 1 });
      const id = await due({ telecom: [mobile(phone)] });
      await world.reminder(id, 'review-1-day', 'escalated');
      const token = world.gateway.phone(phone)[0]?.callbackUrl?.split('/').at(-1) ?? '';
      expect(await world.webhook(`status/${token}`, { status: 'delivered' })).toBe(204);
      const { id: reminderId, sendings } = await world.reminder(id, 'review-1-day', 'escalated');
      expect(sendings.map(({ word }) => word)).toEqual(['sending', 'unknown', 'sent', 'delivered']);
      expect(await attemptsOf(reminderId)).toMatchObject([{ word: 'delivered', state: 'delivered' }]);
      expect(world.textsTo(phone)).toHaveLength(1);
    });
  });

  describe('callbacks', () => {
    it('may come twice and in any order', async () => {
      Object.assign(world.gateway.behaviour, { duplicateCallbacks: true, callbacksOutOfOrder: true });
      const phone = number();
      const id = await world.patient({ telecom: [mobile(phone)] });
      await world.review(id, world.inDays(7));
      await world.reminder(id, 'follow-up', 'delivered');
      await eventually('all four callbacks', () => world.gateway.webhooks.attempts.all().filter(({ payload }) => 'to' in payload && payload.to === phone).length === 4);
      const { state, steps, sendings } = await world.reminder(id, 'follow-up', 'delivered');
      expect(state).toBe('delivered');
      expect(steps.filter(({ event }) => event === 'deliver')).toHaveLength(1);
      expect(sendings.filter(({ word }) => word === 'delivered')).toHaveLength(1);
      expect(world.gateway.webhooks.attempts.all().every(({ status }) => status === 204)).toBe(true);
    });

    it('are taken only with a good signature, about a message that is there', async () => {
      const id = await world.patient({ telecom: [mobile(number())] });
      await world.review(id, world.inDays(7));
      await world.reminder(id, 'follow-up', 'delivered');
      const call = world.gateway.webhooks.attempts.all().at(-1);
      const token = call?.url.split('/').at(-1) ?? '';
      const news = { id: 'g', status: 'undelivered' };
      expect(await world.webhook(`status/${token}`, news, { secret: 'another secret altogether' })).toBe(401);
      expect(await world.webhook(`status/${token}`, news, { at: new Date(Date.now() - 600_000) })).toBe(401);
      expect(await world.webhook(`status/${token}`, news, { signature: 'zz' })).toBe(401);
      expect(await world.webhook(`status/${token.slice(0, -2)}`, news)).toBe(404);
      expect(await world.webhook('status/nonsense', news)).toBe(404);
      expect(await world.webhook(`status/${token}`, '{"status":')).toBe(400);
      expect(await world.webhook(`status/${token}`, { status: 5 })).toBe(400);
      expect(await world.webhook(`status/${token}`, { status: 'read-by-recipient' })).toBe(204);
      expect(await world.webhook(`status/${token}`, news)).toBe(204);
      expect((await world.reminder(id, 'follow-up', 'delivered')).state).toBe('delivered');
      expect(token).not.toContain(world.app.clinicId);
    });
  });

  describe('replies', () => {
    const CLINIC = '+12125550101';
    const asked = async (): Promise<{ id: string; phone: string }> => {
      const phone = number();
      const id = await world.patient({ telecom: [mobile(phone)] });
      await world.review(id, world.inDays(7));
      await world.reminder(id, 'follow-up', 'delivered');
      return { id, phone };
    };
    const texts = (phone: string, count: number) => eventually(`${count} texts to ${phone}`, () => (world.textsTo(phone).length >= count ? world.textsTo(phone) : undefined));

    it('are taken once, however often they are handed over', async () => {
      const { id, phone } = await asked();
      const reply = { id: `reply-${phone}`, from: phone, to: CLINIC, body: 'yes' };
      expect(await Promise.all([world.webhook('replies', reply), world.webhook('replies', reply), world.webhook('replies', reply)])).toEqual([204, 204, 204]);
      const { steps } = await world.reminder(id, 'follow-up', 'answered');
      expect(steps.filter(({ event }) => event === 'answer')).toHaveLength(1);
    });

    it('with STOP stop everything at once, with one confirmation, and tell a coordinator', async () => {
      const { id, phone } = await asked();
      expect(await world.webhook('replies', { id: `stop-${phone}`, from: phone, to: CLINIC, body: 'Stop.' })).toBe(204);
      expect(await world.optOuts(id)).toMatchObject([{ topic: 'care', how: 'sms-reply' }, { topic: 'questionnaires' }]);
      expect((await texts(phone, 2))[1]).toBe('Harbour Street Clinic: you will get no more messages from us. To talk to us, call (212) 555-0100.');
      expect(await world.reminder(id, 'follow-up', 'escalated')).toMatchObject({ answer: 'stop', escalations: [{ reason: 'stopped-messages' }] });
      expect(await world.webhook('replies', { id: `stop-again-${phone}`, from: phone, to: CLINIC, body: 'STOP' })).toBe(204);
      await world.until(world.inDays(4));
      expect((await world.reminder(id, 'review-3-days', 'escalated')).rule).toBe('opted-out');
      expect(world.textsTo(phone)).toHaveLength(2);
    });

    it('with START begin again', async () => {
      const { id, phone } = await asked();
      await world.webhook('replies', { id: `out-${phone}`, from: phone, to: CLINIC, body: 'STOP' });
      await texts(phone, 2);
      await world.webhook('replies', { id: `in-${phone}`, from: phone, to: CLINIC, body: 'start' });
      expect((await texts(phone, 3))[2]).toContain('you will get our messages again');
      expect(await world.optOuts(id)).toEqual([]);
    });

    it('with HELP get help', async () => {
      const { id, phone } = await asked();
      await world.webhook('replies', { id: `help-${phone}`, from: phone, to: CLINIC, body: 'help' });
      expect((await texts(phone, 2))[1]).toBe('Harbour Street Clinic: we send reminders of your visits. Call (212) 555-0100. Reply STOP to end messages.');
      expect((await world.reminder(id, 'follow-up', 'delivered')).escalations).toEqual([]);
    });

    it('that belong to nothing go to a coordinator', async () => {
      const { id, phone } = await asked();
      await world.until(world.inDays(8)); // The event is past: nothing is left to answer.
      await world.webhook('replies', { id: `late-${phone}`, from: phone, to: CLINIC, body: 'Is the clinic open on Monday?' });
      const unmatched = await eventually('the task', async () => (await world.escalations(id)).find(({ reason }) => reason === 'unmatched-reply'));
      const reply = await world.fhir.get(`/${unmatched.reply}`);
      expect(reply.body).toMatchObject({ sender: { reference: `Patient/${id}` }, payload: [{ contentString: 'Is the clinic open on Monday?' }] });
    });

    it('of a number that nobody wrote to go to a coordinator with the number, and are not answered', async () => {
      const phone = number();
      expect(await world.webhook('replies', { id: `who-${phone}`, from: phone, to: CLINIC, body: 'STOP' })).toBe(204);
      const ofNobody = (await world.escalations()).filter(({ patientId }) => patientId === null);
      const mine = await Promise.all(ofNobody.map(async ({ reply }) => (await world.fhir.get(`/${reply}`)).body));
      expect(mine).toEqual(expect.arrayContaining([expect.objectContaining({ sender: { type: 'Patient', identifier: { system: 'urn:ietf:rfc:3966', value: `tel:${phone}` } } })]));
      expect(world.textsTo(phone)).toEqual([]);
    });

    it('to a number that no clinic texts from are refused', async () => {
      expect(await world.webhook('replies', { id: 'x', from: number(), to: '+12125550177', body: 'YES' })).toBe(404);
      expect(await world.webhook('replies', { from: number(), to: CLINIC, body: 'YES' })).toBe(400);
    });
  });

  describe('the link that stops messages', () => {
    it('asks before it stops, works for a mail program’s own button, and for nobody without it', async () => {
      const to = address();
      const id = await world.patient({ language: 'fr', telecom: [mail(to)] });
      await world.review(id, world.inDays(7));
      await world.reminder(id, 'follow-up', 'sent');
      const link = mailTo(to)[0]?.headers['list-unsubscribe']?.slice(1, -1) ?? '';
      const asks = await fetch(link);
      expect([asks.status, asks.headers.get('content-security-policy')]).toEqual([200, expect.stringContaining("default-src 'none'")]);
      expect(await asks.text()).toContain('Oui, arrêter tous les messages');
      expect(await world.optOuts(id)).toEqual([]);
      const stopped = await fetch(link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });
      expect([stopped.status, await stopped.text()]).toEqual([200, expect.stringContaining('Vous ne recevrez plus')]);
      expect(await world.optOuts(id)).toMatchObject([{ topic: 'care', how: 'email-link' }, { topic: 'questionnaires' }]);
      expect((await fetch(`${world.app.url}/stop/nonsense`)).status).toBe(404);
      expect((await fetch(`${link.slice(0, -3)}AAA`, { method: 'POST' })).status).toBe(404);
    });
  });
});
