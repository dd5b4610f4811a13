import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '@cairn/platform';
import { REFERRAL_ACTS } from '@cairn/referrals';
import type { Appointment, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { describedRoutes, pointedAt, refreshStatistics, situations, type Offered, type OfferingReferral, type WriteRoute } from '../support/referral-offers.js';
import { Staff, hospital, lettersAbout, referralBundle, send, taskStory, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const MINUTE = 60_000;
/** What can be done with every open referral. */
const ALWAYS = ['write-to-referrer', 'attach', 'open-authorisation', 'claim', 'assign', 'hand-over', 'route'];
const acceptance = { urgency: 'urgent', pathway: 'conference', comment: 'Fits our programme.' };

describe('what people do with a referral', () => {
  let app: TestApp;
  let plain: Hospital;
  let coordinator: Staff;
  let clinician: Staff;

  beforeAll(async () => {
    app = await startTestApp();
    plain = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    clinician = new Staff(app, await app.as('clinician'));
  });
  afterAll(() => app.stop());

  const inTriage = async (from: Hospital = plain): Promise<ReferralAnswer> => {
    const ids = await send(from.fhir, referralBundle());
    return coordinator.act((await coordinator.find(ids['Patient'] ?? '')).id, 'POST', 'triage');
  };
  const accepted = async (from: Hospital = plain): Promise<ReferralAnswer> => {
    const { id } = await inTriage(from);
    await coordinator.act(id, 'POST', 'acceptance', acceptance);
    await app.advance(3 * MINUTE);
    return coordinator.act(id, 'POST', 'correction', acceptance);
  };
  const taskOf = async (referral: { taskId: string }): Promise<Task> => (await plain.all.get<Task>(`/Task/${referral.taskId}`)).body;
  const eventsOf = async (id: string): Promise<string[]> =>
    app.transactions.run(app.scope(), async (tx) => (await tx.query<{ event: string }>(`select event from outbox where ids->>'referralId' = $1 order by id`, [id])).map(({ event }) => event));

  describe('accepting', () => {
    it('shows nothing while it can be undone, then tells Task, letter and news at once', async () => {
      const { id, taskId, serviceRequestId } = await inTriage();
      const decided = await coordinator.act(id, 'POST', 'acceptance', acceptance);
      expect(decided).toMatchObject({ state: 'accepted', urgency: 'urgent', decision: { undoableUntil: expect.any(String) } });
      expect(await taskOf({ taskId })).toMatchObject({ status: 'received', priority: 'routine' });
      expect(await lettersAbout(plain.fhir, serviceRequestId)).toEqual({});
      expect(await eventsOf(id)).toEqual(['referral.received']);
      expect(decided.availableActions.map(({ action }) => action)).toEqual(['undo', 'cancel', 'enter-in-error', ...ALWAYS]);

      await app.advance(3 * MINUTE);
      const corrected = await coordinator.act(id, 'POST', 'waitlisting', { comment: 'No slot before March.' });
      expect(corrected).toMatchObject({ state: 'waitlisted', decision: { undoableUntil: null } });
      expect(await taskOf({ taskId })).toMatchObject({ status: 'accepted', priority: 'urgent', businessStatus: { coding: [{ system: 'urn:cairn:referral-state', code: 'waitlisted' }] } });
      expect((await lettersAbout(plain.fhir, serviceRequestId))['referral-accepted']).toContain('We accept your referral (urgency: urgent)');
      expect(await eventsOf(id)).toEqual(['referral.received', 'referral.accepted', 'referral.waitlisted']);
      expect(corrected.history.map(({ event }) => event)).toEqual(['receive', 'open-triage', 'accept', 'take-effect', 'waitlist']);
    });

    it('can be undone inside the window, with urgency and pathway as they were; not after', async () => {
      const { id, taskId } = await inTriage();
      await coordinator.act(id, 'POST', 'acceptance', acceptance);
      expect(await coordinator.act(id, 'DELETE', 'decision')).toMatchObject({ state: 'in-triage', urgency: 'routine', decision: null });
      await coordinator.act(id, 'POST', 'acceptance', acceptance);
      await app.advance(3 * MINUTE);
      expect(await coordinator.call('DELETE', `/referrals/${id}/decision`)).toMatchObject({ status: 409, body: { code: 'referral.undo-window-closed' } });
      expect((await taskOf({ taskId })).status).toBe('received');
      await coordinator.act(id, 'POST', 'care', { comment: 'Seen by phone.' });
      expect(await taskStory(plain.fhir, taskId)).toEqual(['requested', 'received', 'accepted', 'in-progress']);
    });

    it('is changed after the window by a correction only, which stays visible: in the log, on the Task, and in a letter that says why', async () => {
      const { id, taskId, serviceRequestId } = await inTriage();
      await coordinator.act(id, 'POST', 'acceptance', { ...acceptance, urgency: 'stat' });
      const corrected = await coordinator.act(id, 'POST', 'correction', { urgency: 'asap', pathway: 'programme', comment: 'Less pressing than we read.' });
      expect(corrected).toMatchObject({ state: 'accepted', urgency: 'asap', pathway: 'programme' });
      expect(corrected.history.slice(-2)).toMatchObject([{ event: 'take-effect' }, { event: 'correct', from: 'accepted', to: 'accepted', comment: 'Less pressing than we read.' }]);
      expect(await taskOf({ taskId })).toMatchObject({ status: 'accepted', priority: 'asap' });
      const letters = await lettersAbout(plain.fhir, serviceRequestId);
      expect([letters['referral-accepted'], letters['referral-corrected']]).toEqual([expect.stringContaining('urgency: immediate'), expect.stringContaining('urgency as soon as possible')]);
      expect(letters['referral-corrected']).toContain('Less pressing than we read.');
    });

    it('takes effect at once where it is stat', async () => {
      const { id, taskId } = await inTriage();
      expect(await coordinator.act(id, 'POST', 'acceptance', { ...acceptance, urgency: 'stat' })).toMatchObject({ state: 'accepted', decision: { undoableUntil: null } });
      expect(await taskOf({ taskId })).toMatchObject({ status: 'accepted', priority: 'stat' });
    });

    it('asks for the version, a comment and known words, and says what is wrong', async () => {
      const { id } = await inTriage();
      const { etag } = await coordinator.read(id);
      const post = (body: object, ifMatch?: string) => coordinator.call<{ code: string; errors?: { field: string }[] }>('POST', `/referrals/${id}/acceptance`, body, ifMatch);
      expect(await post(acceptance)).toMatchObject({ status: 428, body: { code: 'version-required' } });
      expect(await post(acceptance, 'W/"99"')).toMatchObject({ status: 412, body: { code: 'stale-version' } });
      expect(await post(acceptance, 'nonsense')).toMatchObject({ status: 400 });
      expect((await post({ ...acceptance, comment: ' ' }, etag ?? '')).body.errors).toEqual([expect.objectContaining({ field: 'comment' })]);
      expect((await post({ ...acceptance, urgency: 'soon', extra: 1 }, etag ?? '')).body.errors?.map(({ field }) => field)).toEqual(expect.arrayContaining(['urgency']));
      expect((await coordinator.call('POST', '/referrals/not-a-uuid/acceptance', acceptance, etag ?? '')).status).toBe(400);
      expect((await coordinator.call('POST', `/referrals/${crypto.randomUUID()}/acceptance`, acceptance, etag ?? '')).status).toBe(404);
    });

    it('is done once, though twelve do it at the same moment', async () => {
      const { id } = await inTriage();
      const { etag } = await coordinator.read(id);
      const replies = await Promise.all(Array.from({ length: 12 }, () => coordinator.call('POST', `/referrals/${id}/acceptance`, acceptance, etag ?? '')));
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(replies.filter(({ status }) => status === 412)).toHaveLength(11);
      expect((await coordinator.read(id)).body.history.filter(({ event }) => event === 'accept')).toHaveLength(1);
    });

    it('is refused to who may only read', async () => {
      const { id } = await inTriage();
      const lead = new Staff(app, await app.as('conference-lead'));
      expect((await lead.read(id)).body.availableActions).toEqual([]);
      expect((await lead.call('POST', `/referrals/${id}/acceptance`, acceptance, 'W/"1"')).status).toBe(403);
      for (const role of ['hospital-it', 'auditor'] as const) expect((await new Staff(app, await app.as(role)).read(id)).status).toBe(403);
    });
  });

  it('declining: with a coded reason and advice, on the Task and in the letter', async () => {
    const { id, taskId, serviceRequestId } = await inTriage();
    await coordinator.act(id, 'POST', 'decline', { reason: 'not-fully-investigated', advice: 'Complete the surgical assessment first.' });
    await app.advance(3 * MINUTE);
    expect((await coordinator.call('POST', `/referrals/${id}/care`, { comment: 'x' })).body).toMatchObject({ code: 'referral.no-transition' });
    expect((await taskOf({ taskId })).status).toBe('received');
    await app.transactions.run(app.scope(), async (tx) => {
      const { ReferralDecisions } = await import('../../libs/referrals/src/referral-decisions.service.js');
      await app.get(ReferralDecisions).lock(tx, id);
    });
    expect(await taskOf({ taskId })).toMatchObject({ status: 'rejected', statusReason: { coding: [{ code: 'not-fully-investigated' }], text: expect.stringContaining('Not fully investigated') } });
    expect((await lettersAbout(plain.fhir, serviceRequestId))['referral-declined']).toContain('Complete the surgical assessment first.');
    const { body } = await coordinator.call<{ items: { id: string }[] }>('GET', '/referrals?view=returned');
    expect(body.items.map((item) => item.id)).toContain(id);
  });

  it('asking for information: a message to the referrer, the adjusted clock stands still, the answer brings it back', async () => {
    const { id, taskId, serviceRequestId } = await inTriage();
    await coordinator.act(id, 'POST', 'information-request', { question: 'Please send the last MRI report.' });
    expect((await taskOf({ taskId })).status).toBe('received');
    expect((await lettersAbout(plain.fhir, serviceRequestId))['information-requested']).toContain('Not found in what you sent');
    const { body: waiting } = await coordinator.call<{ items: { id: string }[] }>('GET', '/referrals?view=waiting-for-information');
    expect(waiting.items.map((item) => item.id)).toContain(id);
    expect((await coordinator.call('DELETE', `/referrals/${id}/information-request`)).status).toBe(403);
    await plain.fhir.create({ resourceType: 'Communication', status: 'completed', basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }], subject: (await taskOf({ taskId })).for as { reference: string }, payload: [{ contentString: 'MRI attached' }] });
    expect((await coordinator.read(id)).body.state).toBe('in-triage');
    await coordinator.act(id, 'POST', 'information-request', { question: 'And the medicines?' });
    expect(await coordinator.act(id, 'POST', 'information', { comment: 'Told by phone.' })).toMatchObject({ state: 'in-triage' });
    await coordinator.act(id, 'POST', 'information-request', { question: 'Anything else?' });
    expect(await clinician.act(id, 'DELETE', 'information-request')).toMatchObject({ state: 'in-triage' });
  });

  it('booking: an Appointment based on the request, which ends as the visit does', async () => {
    const { id, serviceRequestId } = await accepted();
    const visit = { start: '2031-01-15T09:00:00+01:00', minutes: 60 };
    expect(await coordinator.call('POST', `/referrals/${id}/appointment`, { ...visit, start: '2001-01-01T00:00:00Z' })).toMatchObject({ status: 400, body: { errors: [{ field: 'start' }] } });
    expect(await coordinator.call('POST', `/referrals/${id}/appointment`, { ...visit, practitionerId: 'nobody' })).toMatchObject({ status: 400, body: { errors: [{ field: 'practitionerId' }] } });
    const appointment = async (referral: ReferralAnswer): Promise<Appointment> => (await plain.fhir.get<Appointment>(`/Appointment/${referral.appointment?.id}`)).body;
    const booked = await coordinator.act(id, 'POST', 'appointment', visit);
    expect(await appointment(booked)).toMatchObject({ status: 'booked', basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }], start: '2031-01-15T08:00:00.000Z', end: '2031-01-15T09:00:00.000Z' });
    expect(await coordinator.act(id, 'POST', 'no-show')).toMatchObject({ state: 'to-rebook', appointment: null, nextAction: 'rebook' });
    expect((await appointment(booked)).status).toBe('noshow');
    const again = await coordinator.act(id, 'POST', 'appointment', visit);
    await coordinator.act(id, 'DELETE', 'appointment', { reason: 'Patient asked.' });
    expect(await appointment(again)).toMatchObject({ status: 'cancelled', cancelationReason: { text: 'Patient asked.' } });
    const third = await coordinator.act(id, 'POST', 'appointment', visit);
    expect(await coordinator.act(id, 'POST', 'attendance')).toMatchObject({ state: 'in-care' });
    expect((await appointment(third)).status).toBe('fulfilled');
  });

  it('closing: the outcome stands on the Task, and the referrer hears of it', async () => {
    const { id, taskId, serviceRequestId } = await accepted();
    await coordinator.act(id, 'POST', 'care', { comment: 'Seen by phone.' });
    await coordinator.act(id, 'POST', 'hold', { reason: 'patient-ill' });
    expect(await taskOf({ taskId })).toMatchObject({ status: 'on-hold', statusReason: { text: 'The patient is ill' } });
    expect(await coordinator.act(id, 'DELETE', 'hold')).toMatchObject({ state: 'in-care' });
    expect(await coordinator.call('POST', `/referrals/${id}/closure`, { summary: 'Better', references: ['CarePlan/none'] })).toMatchObject({ status: 400, body: { errors: [{ field: 'references.0' }] } });
    const closed = await coordinator.act(id, 'POST', 'closure', { summary: 'Walks 30 minutes a day.', references: [`ServiceRequest/${serviceRequestId}`] });
    expect(closed).toMatchObject({ state: 'closed', nextAction: null });
    const task = await taskOf({ taskId });
    expect(task).toMatchObject({ status: 'completed', output: [{ valueString: 'Walks 30 minutes a day.' }, { valueReference: { reference: `ServiceRequest/${serviceRequestId}` } }] });
    expect(task.statusReason).toBeUndefined();
    expect((await lettersAbout(plain.fhir, serviceRequestId))['referral-closed']).toContain('Walks 30 minutes a day.');
    expect((await eventsOf(id)).slice(-1)).toEqual(['referral.closed']);
    expect(closed.availableActions.map(({ action }) => action)).toEqual(['enter-in-error', 'write-to-referrer', 'attach']);
  });

  it('redirecting: stays listed until the receiver has confirmed', async () => {
    const { id } = await inTriage();
    await coordinator.act(id, 'POST', 'redirection', { to: 'Spine centre', comment: 'Surgical question.' });
    await app.advance(3 * MINUTE);
    const listed = async (): Promise<boolean> => (await coordinator.call<{ items: { id: string }[] }>('GET', '/referrals?view=mine&limit=100')).body.items.some((item) => item.id === id);
    expect(await listed()).toBe(true);
    const confirmed = await coordinator.act(id, 'POST', 'redirection/confirmation', { comment: 'They called.' });
    expect(confirmed).toMatchObject({ state: 'redirected', nextAction: null });
    expect(confirmed.history.map(({ event }) => event).slice(-2)).toEqual(['take-effect', 'confirm-redirection']);
    expect(await taskOf(confirmed)).toMatchObject({ status: 'rejected', statusReason: { text: 'Passed on to Spine centre.' } });
    expect(await listed()).toBe(false);
  });

  it('triage again from the waiting list: the Task does not step back, and only a new acceptance or an end leads on', async () => {
    const { id, taskId } = await accepted();
    await coordinator.act(id, 'POST', 'waitlisting', { comment: 'Full.' });
    const again = await coordinator.act(id, 'POST', 'triage');
    expect(again.availableActions.map(({ action }) => action)).toEqual(['accept', 'cancel', 'close-unseen', 'enter-in-error', ...ALWAYS]);
    await coordinator.act(id, 'POST', 'unseen-closure', { reason: 'unreachable', comment: 'Three calls, two letters.' });
    expect(await taskStory(plain.fhir, taskId)).toEqual(['requested', 'received', 'accepted', 'failed']);
  });

  it('a request that Cairn placed follows its referral', async () => {
    const { body } = await coordinator.call('POST', '/referrals', { patient: { familyName: 'A', givenNames: ['B'], birthDate: '1985-01-01' }, referrer: { name: 'Dr X' }, receivedBy: 'phone', reason: 'Pain' });
    const status = async (): Promise<unknown> => ((await plain.all.get(`/ServiceRequest/${body.serviceRequestId}`)).body as { status?: string }).status;
    await coordinator.act(body.id, 'POST', 'triage');
    await coordinator.act(body.id, 'POST', 'acceptance', { ...acceptance, urgency: 'stat' });
    expect(await status()).toBe('active');
    await coordinator.act(body.id, 'POST', 'cancellation', { comment: 'The practice called.' });
    expect((await coordinator.read(body.id)).body.state).toBe('cancellation-requested');
    await coordinator.act(body.id, 'POST', 'withdrawal', { comment: 'Done.' });
    expect(await status()).toBe('revoked');
  });

  describe('what is offered', () => {
    /** Acts that leave the referral where it is, so that the next one can be tried on the same. */
    const STAY = ['acknowledge-flag', 'write-to-referrer', 'make-waiting-link', 'attach', 'open-authorisation', 'claim', 'assign', 'hand-over', 'route', 'release'];
    const PDF = '%PDF-1.4 a fax';
    const onList = async (staff: Staff, { id, patient }: OfferingReferral): Promise<string[] | undefined> => {
      for (const view of ['open', 'returned', 'closed-this-week']) {
        const { items } = (await staff.call<{ items: { id: string; availableActions: string[] }[] }>('GET', `/referrals?view=${view}&patient=${patient.id}`)).body;
        const item = items.find((one) => one.id === id);
        if (item) return item.availableActions;
      }
      return undefined;
    };

    it('is exactly what it then lets one do, in every situation, with the bodies that the API page shows; a list names the same', async () => {
      const colleague = new Staff(app, `Bearer ${(await app.get(TokenService).issueDemo(app.clinicId, { kind: 'person', id: 'colleague', name: 'Colleague', roles: ['coordinator'] })).access_token}`);
      const { document, routes } = await describedRoutes(app);
      const read = async (staff: Staff, id: string) => staff.call<OfferingReferral>('GET', `/referrals/${id}`);
      const attempt = async (role: 'coordinator' | 'clinician', href: string, method: string, route: WriteRoute | undefined, etag: string | null) => {
        const attached = route?.contentType !== undefined;
        const reply = await fetch(`${app.url}${href}${attached ? '?title=Fax' : ''}`, {
          method,
          headers: { authorization: await app.as(role), ...(etag ? { 'if-match': etag } : {}), ...(attached ? { 'content-type': route.contentType ?? '' } : route?.example ? { 'content-type': 'application/json' } : {}) },
          ...(attached ? { body: PDF } : route?.example ? { body: JSON.stringify(route.example) } : {}),
        });
        const text = await reply.text();
        return { status: reply.status, body: (text ? JSON.parse(text) : {}) as { code?: string; errors?: unknown[] } };
      };
      const wrong: unknown[] = [];
      const seen = new Set<string>();
      for (const [situation, reach] of Object.entries(situations(app, plain, { coordinator, clinician, colleague }))) {
        const id = await reach();
        await refreshStatistics(app);
        for (const [role, staff] of [['coordinator', coordinator], ['clinician', clinician]] as const) {
          const { body, etag } = await read(staff, id);
          const other = body.duplicates[0]?.id ?? crypto.randomUUID();
          const everything = routes.map((route) => ({ route, href: route.path.replace('{id}', id).replace('{flag}', 'cauda-equina').replace('{other}', other) }));
          const routeOf = ({ method, href }: Offered) => everything.find((one) => one.href === href && one.route.method === method)?.route;
          for (const offered of [...body.availableActions, ...body.blockedActions]) {
            if (!routeOf(offered) || pointedAt(document, offered.describedBy) === undefined || (offered.body && pointedAt(document, offered.body.schema) === undefined)) wrong.push([situation, role, offered.action, 'not described']);
          }
          for (const { route, href } of everything) {
            if (body.availableActions.some((offered) => offered.href === href && offered.method === route.method)) continue;
            const blocked = body.blockedActions.find((one) => one.href === href && one.method === route.method);
            const reply = await attempt(role, href, route.method, route, etag);
            if (![403, 404, 409].includes(reply.status) || (blocked && reply.body.code !== blocked.because.rule)) wrong.push([situation, role, route.method, route.path, reply.status, reply.body.code]);
            if (blocked) seen.add(blocked.because.rule);
          }
          if ((await read(staff, id)).body.version !== body.version) wrong.push([situation, role, 'a refused act left a trace']);
          const listed = await onList(staff, body);
          if (listed?.join() !== [...new Set(body.availableActions.map(({ action }) => action))].join()) wrong.push([situation, role, 'the list offers', listed]);
          if (role === 'coordinator') continue;
          const tried = async (offered: Offered, on: string): Promise<void> => {
            seen.add(offered.action);
            const fresh = await read(staff, on);
            const same = fresh.body.availableActions.find(({ action }) => action === offered.action);
            if (!same) {
              wrong.push([situation, role, offered.action, 'is not offered on another in the same situation']);
              return;
            }
            if (same.needsIfMatch) expect([offered.action, (await attempt(role, same.href, same.method, routeOf(offered), null)).status]).toEqual([offered.action, 428]);
            const reply = await attempt(role, same.href, same.method, routeOf(offered), fresh.etag);
            if (reply.status >= 300 && !(reply.status === 400 && reply.body.errors?.length)) wrong.push([situation, role, offered.action, reply.status, reply.body.code]);
          };
          // What moves a referral is tried on one of its own, all at once.
          const stays = ({ action }: Offered): boolean => STAY.includes(action);
          await Promise.all(body.availableActions.filter((offered) => !stays(offered)).map(async (offered) => tried(offered, await reach())));
          for (const offered of body.availableActions.filter(stays)) await tried(offered, id);
        }
      }
      expect(wrong).toEqual([]);
      expect([...seen].sort()).toEqual([...REFERRAL_ACTS, 'referral.claimed', 'referral.decision-pending', 'referral.other-is-over', 'referral.red-flag-unacknowledged'].sort());
    }, 180_000);

  });
});
