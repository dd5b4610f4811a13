import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SigningKeys } from '@cairn/platform';
import type { Appointment, Bundle, ClinicalImpression, Communication, Composition, Condition, DocumentReference, Encounter, List, Provenance, Task } from '@medplum/fhirtypes';
import { compactVerify, createLocalJWKSet } from 'jose';
import { startTestApp, type TestApp } from '../support/app.js';
import { ConferenceLead, decision, team, type ConferenceAnswer, type ItemAnswer, type RecommendationAnswer } from '../support/conference-factory.js';
import { eventually } from '../support/eventually.js';
import type { FhirClient } from '../support/fhir-client.js';
import { Staff, hospital, lettersAbout, referralBundle, send, type Hospital } from '../support/referral-factory.js';

const DAY_MS = 86_400_000;

describe('case conferences', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let from: Hospital;
  let lead: ConferenceLead;
  let people: ReturnType<typeof team>;
  let offset = 0;

  const today = (): Date => new Date(Date.now() + offset);
  const dayAhead = (days: number): string => new Date(today().getTime() + days * DAY_MS).toISOString().slice(0, 10);
  const pass = async (days: number): Promise<void> => {
    offset += days * DAY_MS;
    await app.advance(days * DAY_MS);
  };

  /** A referral that came in, with its patient. */
  async function referred(): Promise<{ patientId: string; referralId: string; serviceRequestId: string }> {
    const problem = (text: string, label?: string): Condition => ({
      resourceType: 'Condition',
      ...(label ? { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: label }] } } : {}),
      subject: {},
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] },
      code: { text },
    });
    const ids = await send(from.fhir, referralBundle({ rests: [problem('Chronic low back pain'), problem('Under treatment elsewhere', '42CFRPart2')] }));
    const { id } = await lead.find(ids['Patient'] ?? '');
    return { patientId: ids['Patient'] ?? '', referralId: id, serviceRequestId: ids['ServiceRequest'] ?? '' };
  }

  /** A conference in session over these cases, with its quorum. */
  async function inSession(cases: readonly object[]): Promise<ConferenceAnswer> {
    const { id } = await lead.plan(today());
    for (const item of cases) expect((await lead.add(id, item)).status).toBe(201);
    await lead.do(id, 'lock');
    await lead.do(id, 'session');
    return (await lead.attend(id, [people.physician, people.psychologist, people.physiotherapist])).body;
  }

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    from = await hospital(app, 'plain');
    fhir = from.all;
    lead = new ConferenceLead(app, await app.as('conference-lead'));
    people = team(app);
  });
  afterAll(() => app.stop());

  it('runs from plan to signed minutes, with every FHIR face', async () => {
    const { patientId, referralId, serviceRequestId } = await referred();
    const planned = await lead.plan(today());
    const { id } = planned;
    expect(planned).toMatchObject({ state: 'planned', items: [], quorum: { met: false }, availableActions: ['add-item', 'cancel'] });
    expect((await fhir.get<Appointment>(`/Appointment/${id}`)).body).toMatchObject({ status: 'booked', participant: expect.arrayContaining([expect.objectContaining({ actor: { reference: `Practitioner/${people.lead}`, display: 'Demo conference lead' } })]) });

    const listed = (await lead.add(id, { patientId, referralId, presenterId: people.physician })).body;
    const itemId = listed.items[0]?.id ?? '';
    expect((await fhir.get<List>(`/List/${id}`)).body).toMatchObject({ mode: 'working', entry: [{ item: { reference: `Task/${itemId}` } }] });
    expect((await fhir.get<Task>(`/Task/${itemId}`)).body).toMatchObject({ status: 'requested', basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }] });

    await lead.do(id, 'lock');
    const pack = await lead.call<Bundle>('GET', `/conferences/${id}/agenda-items/${itemId}/case-pack`);
    const composition = pack.body.entry?.[0]?.resource as Composition;
    expect([pack.body.type, composition.resourceType, composition.subject?.reference]).toEqual(['document', 'Composition', `Patient/${patientId}`]);
    const problems = composition.section?.find(({ title }) => title === 'Problems')?.text?.div;
    expect(problems).toContain('Chronic low back pain');
    expect(problems).toContain('1 left out: labelled as sensitive.');
    expect(JSON.stringify(pack.body)).not.toContain('Under treatment elsewhere');
    expect(composition.section?.find(({ title }) => title === 'Medicines')?.text?.div).toContain('Nothing on record');
    expect(pack.body.entry?.map(({ resource }) => resource?.resourceType)).toEqual(expect.arrayContaining(['Patient', 'ServiceRequest', 'Condition']));
    expect((await fhir.get<Bundle>(`/Bundle/${itemId}`)).body.type).toBe('document');

    await lead.do(id, 'session');
    const attended = await lead.attend(id, [people.physician, people.psychologist, people.physiotherapist]);
    expect(attended.body).toMatchObject({ state: 'in-session', quorum: { met: true, missing: [] } });
    expect((await fhir.get<Encounter>(`/Encounter/${id}`)).body).toMatchObject({ status: 'in-progress', appointment: [{ reference: `Appointment/${id}` }] });
    expect((await lead.decide(id, itemId, decision(people.physiotherapist, dayAhead(30)))).body).toMatchObject({ outcome: 'decided', version: 2 });
    expect((await fhir.get(`/ClinicalImpression/${itemId}`)).status).toBe(404);

    await lead.do(id, 'minutes');
    const signed = await lead.do(id, 'signature');
    expect(signed).toMatchObject({ state: 'signed', availableActions: ['amend'], signed: { by: 'Demo conference lead' } });
    expect((await fhir.get<ClinicalImpression>(`/ClinicalImpression/${itemId}`)).body).toMatchObject({ status: 'completed', subject: { reference: `Patient/${patientId}` }, summary: 'Fear of movement keeps the patient from work.' });
    expect((await fhir.get<Appointment>(`/Appointment/${id}`)).body.status).toBe('fulfilled');
    expect((await fhir.get<Encounter>(`/Encounter/${id}`)).body.status).toBe('finished');
    expect((await fhir.get<Task>(`/Task/${itemId}`)).body).toMatchObject({ status: 'completed', output: [{ valueReference: { reference: `ClinicalImpression/${itemId}` } }] });

    const { items } = (await lead.call<{ items: RecommendationAnswer[] }>('GET', `/recommendations?conference=${id}`)).body;
    expect(items).toMatchObject([{ code: 'physiotherapy', state: 'proposed', referralId, owner: { name: 'Demo physiotherapist' } }]);
    expect((await fhir.get<Task>(`/Task/${items[0]?.id}`)).body).toMatchObject({ status: 'requested', intent: 'proposal', owner: { reference: `Practitioner/${people.physiotherapist}` }, reasonReference: { reference: `ClinicalImpression/${itemId}` } });

    const letters = await lettersAbout(fhir, serviceRequestId);
    expect(letters['conference-recommendations']).toContain('1. Physiotherapy: Graded exposure, twice a week (Demo physiotherapist, by');
    const notice = (await fhir.get<Communication>(`/Communication/${itemId}`)).body;
    expect(notice).toMatchObject({ basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }], recipient: [{ display: 'Referring practice' }] });

    const told = await app.transactions.run(app.scope(), (tx) => tx.query<{ event: string; ids: object }>(`select event, ids from outbox where event like 'conference.%' and ids ->> 'conferenceId' = $1 order by id`, [id]));
    expect(told).toEqual([
      { event: 'conference.recommendation-made', ids: { conferenceId: id, itemId, recommendationId: items[0]?.id, patientId, referralId } },
      { event: 'conference.minutes-signed', ids: { conferenceId: id } },
    ]);
  });

  it('signs over the bytes of each patient’s minutes, with a key that anyone can check', async () => {
    const { patientId } = await referred();
    const { id, items } = await inSession([{ patientId }]);
    const itemId = items[0]?.id ?? '';
    await lead.decide(id, itemId, decision(people.physician, dayAhead(10), { dissent: [{ name: 'Demo psychologist', reason: 'Too <early>' }] }));
    await lead.do(id, 'minutes');
    const { signed } = await lead.do(id, 'signature');
    const document = (await fhir.get<DocumentReference>(`/DocumentReference/${itemId}`)).body;
    const html = Buffer.from(document.content[0]?.attachment.data ?? '', 'base64');
    expect(html.toString()).toContain('Demo psychologist: Too &lt;early&gt;');
    expect(document).toMatchObject({ docStatus: 'final', subject: { reference: `Patient/${patientId}` }, context: { encounter: [{ reference: `Encounter/${id}` }] } });
    const [provenanceId] = await fhir.ids(`/Provenance?target=DocumentReference/${itemId}`);
    const provenance = (await fhir.get<Provenance>(`/Provenance/${provenanceId}`)).body;
    expect(provenance.signature?.[0]?.who).toMatchObject({ reference: `Practitioner/${people.lead}` });
    const keys = createLocalJWKSet(await app.get(SigningKeys).jwks('token'));
    const own = await compactVerify(Buffer.from(provenance.signature?.[0]?.data ?? '', 'base64').toString(), keys);
    expect(own.protectedHeader.typ).toBe('cairn-minutes+jws');
    const hash = createHash('sha256').update(html).digest('hex');
    expect(JSON.parse(Buffer.from(own.payload).toString())).toMatchObject({ document: `DocumentReference/${itemId}`, sha256: hash, signer: 'demo-conference-lead' });
    const whole = await compactVerify(signed?.signature ?? '', keys);
    expect(JSON.parse(Buffer.from(whole.payload).toString())).toMatchObject({ conference: id, minutes: [{ document: `DocumentReference/${itemId}`, sha256: hash }] });
    const response = await fetch(`${app.url}/api/v1/conferences/${id}/agenda-items/${itemId}/minutes`, { headers: { authorization: await app.as('clinician') } });
    expect(await response.text()).toBe(html.toString());
  });

  it('signs no decisions without a quorum, and nothing that changed since it was read', async () => {
    const { patientId } = await referred();
    const { id, items, version } = await inSession([{ patientId }]);
    const itemId = items[0]?.id ?? '';
    await lead.attend(id, [people.physician, people.physiotherapist]);
    expect((await lead.decide(id, itemId, decision(people.physician, dayAhead(10)))).body.errors?.map(({ field }) => field)).toEqual(['votes']);
    await lead.decide(id, itemId, decision(people.physician, dayAhead(10), { votes: { for: 2, against: 0, abstained: 0 } }));
    await lead.do(id, 'minutes');
    expect(await lead.tryTo(id, 'signature')).toMatchObject({ status: 409, body: { code: 'conference.no-quorum' } });
    expect((await lead.get(id)).body.quorum).toEqual({ met: false, missing: [['psychology']] });
    expect(await lead.call('POST', `/conferences/${id}/signature`)).toMatchObject({ status: 428 });
    expect(await lead.call('POST', `/conferences/${id}/signature`, undefined, `W/"${version}"`)).toMatchObject({ status: 412 });
    await lead.attend(id, [people.physician, people.physiotherapist, people.psychologist]);
    expect((await lead.do(id, 'signature')).state).toBe('signed');
  });

  it('brings back what was listed and not discussed', async () => {
    const { patientId, referralId } = await referred();
    const { id, items } = await inSession([{ patientId, referralId, question: 'Is a pump an option?' }]);
    expect(await lead.tryTo(id, 'minutes')).toMatchObject({ status: 409, body: { code: 'conference.open-items' } });
    await lead.decide(id, items[0]?.id ?? '', { outcome: 'not-discussed' });
    await lead.attend(id, []);
    await lead.do(id, 'minutes');
    await lead.do(id, 'signature');
    expect((await fhir.get<Task>(`/Task/${items[0]?.id}`)).body).toMatchObject({ status: 'cancelled', statusReason: { coding: [{ code: 'listed-not-discussed' }] } });
    const waiting = (await lead.call<{ items: ItemAnswer[] }>('GET', '/waiting-agenda-items')).body.items;
    expect(waiting).toMatchObject([{ patientId, referralId, question: 'Is a pump an option?', conferenceId: null }]);
    const next = await lead.plan(today(), 'Next conference');
    expect(next.items).toMatchObject([{ id: waiting[0]?.id, patientId }]);
    await lead.do(next.id, 'cancellation', { reason: 'Too few can come.' });
    expect((await lead.get(next.id)).body).toMatchObject({ state: 'cancelled', items: [], availableActions: [] });
    expect((await fhir.get<Appointment>(`/Appointment/${next.id}`)).body).toMatchObject({ status: 'cancelled', cancelationReason: { text: 'Too few can come.' } });
    expect((await lead.call<{ items: ItemAnswer[] }>('GET', '/waiting-agenda-items')).body.items).toHaveLength(1);
    const after = await lead.plan(today(), 'The one after');
    expect(after.items).toHaveLength(1);
    await lead.do(after.id, 'lock');
  });

  it('takes a late item only when it is urgent, and gives it its case pack at once', async () => {
    const [first, second] = [await referred(), await referred()];
    const { id } = await lead.plan(today());
    expect(await lead.tryTo(id, 'lock')).toMatchObject({ status: 409, body: { code: 'conference.empty-agenda' } });
    await lead.add(id, { patientId: first.patientId });
    expect(await lead.add(id, { patientId: first.patientId })).toMatchObject({ status: 409, body: { code: 'conference.listed-already' } });
    await lead.do(id, 'lock');
    expect(await lead.add(id, { patientId: second.patientId })).toMatchObject({ status: 409, body: { code: 'conference.agenda-locked' } });
    const { body } = await lead.add(id, { patientId: second.patientId, urgentReason: 'Opioids ran out.' });
    const late = body.items.at(-1);
    expect(late).toMatchObject({ late: true });
    expect((await lead.call('GET', `/conferences/${id}/agenda-items/${late?.id}/case-pack`)).status).toBe(200);
    expect((await fhir.get<List>(`/List/${id}`)).body.entry?.map(({ flag }) => flag?.coding?.[0]?.code)).toEqual([undefined, 'late']);
  });

  it('names what is wrong with an item, an attendance and a decision', async () => {
    const { patientId } = await referred();
    const other = await referred();
    const { id, items } = await inSession([{ patientId }]);
    const wrong = async (reply: Promise<{ status: number; body: { errors?: { field: string }[] } }>): Promise<unknown[]> => {
      const { status, body } = await reply;
      return [status, ...(body.errors ?? []).map(({ field }) => field)];
    };
    expect(await wrong(lead.add(id, { patientId: 'nobody', urgentReason: 'x' }))).toEqual([400, 'patientId']);
    expect(await wrong(lead.add(id, { patientId: other.patientId, referralId: crypto.randomUUID(), urgentReason: 'x' }))).toEqual([400, 'referralId']);
    expect(await wrong(lead.attend(id, ['nobody']))).toEqual([400, 'attendees.0.practitionerId']);
    expect(await wrong(lead.attend(id, [people.physician, people.physician]))).toEqual([400, 'attendees.1.practitionerId']);
    expect(await wrong(lead.decide(id, items[0]?.id ?? '', decision('nobody', dayAhead(3))))).toEqual([400, 'recommendations.0.ownerId']);
    expect(await wrong(lead.decide(id, items[0]?.id ?? '', decision(people.physician, '2020-01-01')))).toEqual([400, 'recommendations.0.dueDate']);
    expect(await wrong(lead.decide(id, items[0]?.id ?? '', decision(people.physician, dayAhead(3), { recommendations: [] })))).toEqual([400, 'recommendations']);
    expect((await lead.decide(id, crypto.randomUUID(), { outcome: 'not-discussed' })).status).toBe(404);
  });

  it('amends signed minutes by a signed addendum only', async () => {
    const { patientId } = await referred();
    const { id, items } = await inSession([{ patientId }]);
    const itemId = items[0]?.id ?? '';
    await lead.decide(id, itemId, decision(people.physician, dayAhead(10)));
    expect(await lead.tryTo(id, 'addenda', { itemId, text: 'Too early.' })).toMatchObject({ status: 409 });
    await lead.do(id, 'minutes');
    await lead.do(id, 'signature');
    expect(await lead.decide(id, itemId, { outcome: 'not-discussed' })).toMatchObject({ status: 409, body: { code: 'conference.no-transition' } });
    expect((await lead.do(id, 'addenda', { itemId, text: 'The date meant was the first.' })).state).toBe('amended');
    expect((await lead.do(id, 'addenda', { itemId, text: 'And twice a week.' })).state).toBe('amended');
    const documents = await fhir.ids(`/DocumentReference?subject=Patient/${patientId}`);
    expect(documents).toHaveLength(3);
    const addenda = await Promise.all(documents.filter((document) => document !== itemId).map(async (document) => (await fhir.get<DocumentReference>(`/DocumentReference/${document}`)).body));
    expect(addenda.map(({ relatesTo }) => relatesTo)).toEqual([1, 2].map(() => [{ code: 'appends', target: { reference: `DocumentReference/${itemId}` } }]));
  });

  it('follows each recommendation until it is done, and brings back what is not', async () => {
    const [first, second] = [await referred(), await referred()];
    const { id, items } = await inSession([{ patientId: first.patientId }, { patientId: second.patientId }]);
    for (const item of items) await lead.decide(id, item.id, decision(people.physiotherapist, dayAhead(5)));
    await lead.do(id, 'minutes');
    await lead.do(id, 'signature');
    const coordinator = new Staff(app, await app.as('coordinator'));
    const open = (await coordinator.call<{ items: RecommendationAnswer[] }>('GET', `/recommendations?conference=${id}&state=open`)).body.items;
    const done = open.find(({ itemId }) => itemId === items[0]?.id) as RecommendationAnswer;
    const left = open.find(({ itemId }) => itemId === items[1]?.id) as RecommendationAnswer;
    expect(done.availableActions).toEqual(['accept', 'complete', 'give-up']);
    expect((await coordinator.call('POST', `/recommendations/${done.id}/acceptance`)).status).toBe(428);
    const accepted = await coordinator.call<RecommendationAnswer>('POST', `/recommendations/${done.id}/acceptance`, undefined, `W/"${done.version}"`);
    expect(accepted).toMatchObject({ status: 200, body: { state: 'accepted' } });
    const completed = await coordinator.call<RecommendationAnswer>('POST', `/recommendations/${done.id}/completion`, { note: 'First session held.' }, accepted.etag ?? undefined);
    expect(completed.body).toMatchObject({ state: 'done', availableActions: [] });
    expect((await fhir.get<Task>(`/Task/${done.id}`)).body.status).toBe('completed');

    await pass(7);
    await eventually('it lapsed', async () => (await coordinator.call<RecommendationAnswer>('GET', `/recommendations/${left.id}`)).body.state === 'not-done');
    expect((await fhir.get<Task>(`/Task/${left.id}`)).body).toMatchObject({ status: 'failed', statusReason: { text: `Not done by ${left.dueDate}` } });
    const next = await lead.plan(today(), 'After the lapse');
    expect(next.items.filter(({ source }) => source === 'unfinished-action')).toMatchObject([{ patientId: second.patientId, question: `Not done by ${left.dueDate}. Physiotherapy: Graded exposure, twice a week` }]);
  });

  it('asks for the right role at each act, and shows a hospital nothing of the meeting', async () => {
    const { patientId } = await referred();
    const { id, items } = await inSession([{ patientId }]);
    const coordinator = new ConferenceLead(app, await app.as('coordinator'));
    const clinician = new ConferenceLead(app, await app.as('clinician'));
    expect((await coordinator.decide(id, items[0]?.id ?? '', { outcome: 'not-discussed' })).status).toBe(403);
    expect((await clinician.decide(id, items[0]?.id ?? '', { outcome: 'not-discussed' })).status).toBe(200);
    expect((await clinician.tryTo(id, 'minutes')).status).toBe(403);
    expect((await coordinator.tryTo(id, 'signature')).status).toBe(403);
    expect((await coordinator.get(id)).body.availableActions).not.toContain('decide');
    expect((await new Staff(app, await app.as('auditor')).call('GET', '/conferences')).status).toBe(403);
    for (const face of [`Appointment/${id}`, `Encounter/${id}`, `List/${id}`]) expect([face, (await from.fhir.get(`/${face}`)).status]).toEqual([face, 404]);
  });
});
