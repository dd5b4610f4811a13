import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '@cairn/platform';
import type { Patient } from '@medplum/fhirtypes';
import { WorklistStream } from '../../libs/referrals/src/worklist/worklist-stream.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { asOwner } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { EventStream } from '../support/event-stream.js';
import { Staff, hospital, referralBundle, send, type Hospital, type ReferralAnswer, type ReferralParts } from '../support/referral-factory.js';

interface Item {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly language: string | null;
  readonly owner: { id: string } | null;
  readonly team: { id: string; name: string };
  readonly claim: { by: { id: string } } | null;
  readonly availableActions: unknown[];
  readonly redFlags: { hardStops: number; concerns: number };
  readonly receivedAt: string;
}
interface List {
  readonly items: Item[];
  readonly next?: string;
}
interface Results {
  readonly results: { id: string; done: boolean; refused?: { code: string; detail: string } }[];
}
interface Refused {
  readonly code: string;
  readonly detail: string;
  readonly errors?: { field: string }[];
}

const DAY_MS = 86_400_000;
const spanish: Partial<Patient> = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }],
  communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'es-MX' }] }, preferred: true }],
};
const cauda = { rests: [{ resourceType: 'Condition', subject: {}, code: { coding: [{ system: 'http://snomed.info/sct', code: '192970008' }] } }] } as const satisfies ReferralParts;

describe('in whose hands the worklist is', () => {
  let app: TestApp;
  let plain: Hospital;
  let mine: Staff;
  let other: Staff;
  let clinician: Staff;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    plain = await hospital(app, 'plain');
    mine = await staff('demo-coordinator', 'Demo coordinator', 'coordinator');
    other = await staff('second-coordinator', 'Second coordinator', 'coordinator');
    clinician = await staff('demo-clinician', 'Demo clinician', 'clinician');
  });
  afterAll(() => app.stop());

  /** A coordinator of another clinic on the same server. */
  async function coordinatorElsewhere(): Promise<string> {
    const clinicId = crypto.randomUUID();
    await asOwner(app, `insert into clinic (id, slug, name, zone) values ($1, 'elsewhere', 'Elsewhere', 'UTC')`, [clinicId]);
    const { access_token: token } = await app.get(TokenService).issueDemo(clinicId, { kind: 'person', id: 'elsewhere', name: 'Elsewhere', roles: ['coordinator'] });
    return `Bearer ${token}`;
  }

  async function staff(id: string, name: string, role: 'coordinator' | 'clinician'): Promise<Staff> {
    const { access_token: token } = await app.get(TokenService).issueDemo(app.clinicId, { kind: 'person', id, name, roles: [role] });
    return new Staff(app, `Bearer ${token}`);
  }

  /** Sends a referral and returns its id on the worklist. */
  async function referral(parts: ReferralParts = {}, patient: Partial<Patient> = {}): Promise<string> {
    const bundle = referralBundle(parts);
    const first = bundle.entry?.find(({ resource }) => resource?.resourceType === 'Patient');
    if (first?.resource) Object.assign(first.resource, patient);
    const ids = await send(plain.fhir, bundle);
    return (await mine.find(ids['Patient'] ?? '')).id;
  }

  const list = async (query: string, as = mine): Promise<Item[]> => {
    const { status, body } = await as.call<List>('GET', `/referrals?limit=100&${query}`);
    expect(status).toBe(200);
    return body.items;
  };
  const ids = async (query: string, as = mine): Promise<string[]> => (await list(query, as)).map(({ id }) => id);

  it('narrows any view by language, access needs, referrer, urgency, discipline, programme and age of wait, and counts the same', async () => {
    const plainOne = await referral({ request: { requester: { display: 'Hillside  Practice' } } });
    const one = await referral({ request: { requester: { display: 'Bay Clinic' }, priority: 'urgent' } }, spanish);
    await mine.call('PUT', `/referrals/${one}/routing`, { discipline: 'physiotherapy', programme: 'pain-education' });
    for (const filter of ['language=es', 'accessNeed=interpreter', 'accessNeed=any', 'referrer=BAY%20clinic', 'urgency=urgent', 'discipline=physiotherapy', 'programme=pain-education', 'language=es&urgency=urgent&accessNeed=interpreter']) {
      expect([filter, await ids(`view=unassigned&${filter}`)]).toEqual([filter, [one]]);
      const { body } = await mine.call<{ views: Record<string, { count: number; text: string }> }>('GET', `/referrals/counts?view=unassigned&${filter}`);
      expect([filter, body.views]).toEqual([filter, { unassigned: { count: 1, atLeast: false, text: '1' } }]);
    }
    expect(await ids('view=open&accessNeed=none')).toEqual([plainOne]);
    expect(await ids('view=open&referrer=hillside practice')).toEqual([plainOne]);
    expect(await ids('view=open&waitedAtLeast=1')).toEqual([]);
    expect((await ids('view=open&waitedAtMost=0')).sort()).toEqual([plainOne, one].sort());
    expect(await ids('view=waitlisted&language=es')).toEqual([]);
  });

  it('follows the patient: a language that changes in the record changes on the worklist', async () => {
    const id = await referral({}, { communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'fr' }] } }] });
    expect((await list('language=fr')).map((item) => [item.id, item.language])).toEqual([[id, 'fr']]);
    const patientId = (await mine.read(id)).body as { patient?: { id: string } };
    const { body: patient } = await plain.fhir.get<Patient>(`/Patient/${patientId.patient?.id}`);
    await plain.fhir.put(`/Patient/${patient.id}`, { ...patient, communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'de' }] } }] });
    expect([await ids('language=fr'), await ids('language=de')]).toEqual([[], [id]]);
  });

  it('finds words of reason and notes, without regard to accents and case, the last one also by its beginning', async () => {
    const id = await referral({ request: { reasonCode: [{ text: 'Épicondylite rebelle du coude' }], note: [{ text: 'Follows an ergonomic assessment' }] } });
    for (const text of ['epicondylite', 'ÉPICONDYL', 'coude rebelle', 'ergonom']) expect([text, await ids(`text=${encodeURIComponent(text)}`)]).toEqual([text, [id]]);
    for (const text of ['epicond coude', 'fracture', '…', "coude' or 1=1 --"]) expect([text, await ids(`text=${encodeURIComponent(text)}`)]).toEqual([text, []]);
    await mine.act(id, 'POST', 'triage');
    await mine.act(id, 'POST', 'information-request', { question: 'Was there a corticosteroid injection?' });
    expect(await ids('view=waiting-for-information&text=corticosteroid')).toEqual([id]);
  });

  it('lets one person have a referral in hands, tells the other who, and lets go by itself', async () => {
    const id = await referral();
    expect((await mine.call('PUT', `/referrals/${id}/claim`)).status).toBe(200);
    const refused = await other.call<Refused>('PUT', `/referrals/${id}/claim`);
    expect([refused.status, refused.body.code]).toEqual([409, 'referral.claimed']);
    expect(refused.body.detail).toMatch(/^Demo coordinator has this referral in hands until /);
    expect((await other.call<Refused>('POST', `/referrals/${id}/triage`)).body.code).toBe('referral.claimed');
    expect((await other.call<Refused>('PUT', `/referrals/${id}/owner`, { to: { personId: 'second-coordinator' } })).body.code).toBe('referral.claimed');
    const seen = (await list('view=open', other)).find((item) => item.id === id);
    expect([seen?.claim?.by.id, seen?.availableActions]).toEqual(['demo-coordinator', ['attach']]);
    expect((await mine.call('PUT', `/referrals/${id}/claim`)).status).toBe(200);
    await app.advance(11 * 60_000);
    expect((await other.call('PUT', `/referrals/${id}/claim`)).status).toBe(200);
    expect((await other.call('DELETE', `/referrals/${id}/claim`)).status).toBe(204);
    expect((await mine.call('POST', `/referrals/${id}/triage`)).status).toBe(200);
  });

  it('never lets a claim stand before an open hard stop', async () => {
    const id = await referral(cauda);
    await mine.call('PUT', `/referrals/${id}/claim`);
    expect((await other.call('POST', `/referrals/${id}/triage`)).status).toBe(200);
  });

  it('claims once when many try at the same moment', async () => {
    const id = await referral();
    const people = await Promise.all(Array.from({ length: 12 }, (_, index) => staff(`person-${index}`, `Person ${index}`, 'coordinator')));
    const replies = await Promise.all(people.map((person) => person.call('PUT', `/referrals/${id}/claim`)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 11 }, () => 409)]);
  });

  it('hands over to a person and to a team, with the note kept, and brings accepted ones to the team that the rules name', async () => {
    const made = await mine.call<{ id: string; version: number }>('POST', '/referral-teams', { name: 'Physiotherapy', pathways: ['single-discipline'], members: [{ personId: 'second-coordinator', name: 'Second coordinator' }] });
    expect(made.status).toBe(201);
    const id = await referral();
    await mine.act(id, 'POST', 'triage');
    expect(await ids('view=mine')).toContain(id);
    await mine.act(id, 'POST', 'handover', { to: { teamId: made.body.id }, note: 'They know the patient from before.' });
    expect(await ids('view=mine')).not.toContain(id);
    expect([(await ids('view=my-team', other)).includes(id), (await ids('view=my-team')).includes(id), (await ids('view=unassigned')).includes(id)]).toEqual([true, false, true]);
    await other.act(id, 'POST', 'handover', { to: { personId: 'demo-clinician' }, note: 'A clinician must look.' });
    expect(await ids('view=mine', clinician)).toEqual([id]);
    const { body } = await mine.call<{ items: { kind: string; to: { person: string | null; team: string }; note: string }[] }>('GET', `/referrals/${id}/assignments`);
    expect(body.items.map(({ kind, to, note }) => [kind, to.person, to.team, note])).toEqual([
      ['hand-over', null, 'Physiotherapy', 'They know the patient from before.'],
      ['hand-over', 'Demo physician', 'Physiotherapy', 'A clinician must look.'],
    ]);
    expect(await ids('view=open&text=know patient')).toEqual([id]);

    const routed = await referral();
    await mine.act(routed, 'POST', 'triage');
    await mine.act(routed, 'POST', 'acceptance', { urgency: 'stat', pathway: 'single-discipline', comment: 'Physiotherapy first.' });
    await app.advance(3 * 60_000);
    await eventually('the rules place it', async () => (await ids('view=my-team', other)).includes(routed));
  });

  it('acts in bulk on what is safe, says for each what happened and why not, and knows no decision', async () => {
    const [free, taken, alarming] = [await referral(), await referral(), await referral(cauda)];
    await other.call('PUT', `/referrals/${taken}/claim`);
    const missing = crypto.randomUUID();
    const assign = await mine.call<Results>('POST', '/referrals/bulk-acts', { act: 'assign', to: { personId: 'demo-coordinator' }, referrals: [{ id: free, version: (await mine.read(free)).body.version }, { id: taken }, { id: missing }, { id: alarming, version: 999 }] });
    expect(assign.body.results.map(({ id, done, refused }) => [id, done, refused?.code])).toEqual([
      [free, true, undefined],
      [taken, false, 'referral.claimed'],
      [missing, false, 'not-found'],
      [alarming, false, 'stale-version'],
    ]);
    const ask = await mine.call<Results>('POST', '/referrals/bulk-acts', { act: 'ask-for-missing', referrals: [{ id: free }, { id: alarming }] });
    expect(ask.body.results.map(({ done, refused }) => [done, refused?.code])).toEqual([[true, undefined], [false, 'referral.red-flag-unacknowledged']]);
    expect(await ids('view=waiting-for-information')).toContain(free);
    const claim = await mine.call<Results>('POST', '/referrals/bulk-acts', { act: 'claim', referrals: [{ id: free }, { id: taken }] });
    expect(claim.body.results.map(({ done }) => done)).toEqual([true, false]);
    const hand = await mine.call<Results>('POST', '/referrals/bulk-acts', { act: 'hand-over', note: 'Holiday', to: { personId: 'second-coordinator' }, referrals: [{ id: free }, { id: alarming }] });
    expect(hand.body.results.map(({ done }) => done)).toEqual([true, false]);
    expect(await ids('view=mine', other)).toContain(free);
    for (const [body, field] of [
      [{ act: 'acceptance', referrals: [{ id: free }] }, 'act'],
      [{ act: 'claim', referrals: [] }, 'referrals'],
      [{ act: 'claim', referrals: [{ id: free }, { id: free }] }, 'referrals'],
      [{ act: 'claim', referrals: Array.from({ length: 101 }, () => ({ id: crypto.randomUUID() })) }, 'referrals'],
      [{ act: 'assign', referrals: [{ id: free }], to: {} }, 'to'],
    ] as const) {
      const reply = await mine.call<Refused>('POST', '/referrals/bulk-acts', body);
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field]);
    }
    const nobody = await mine.call<Refused>('PUT', `/referrals/${alarming}/owner`, { to: { personId: 'nobody-here' } });
    expect([nobody.status, nobody.body.errors?.[0]?.field]).toEqual([400, 'to.personId']);
  });

  it('keeps views for a person and shares them with a team; only their owner changes them', async () => {
    const team = (await mine.call<{ items: { id: string; name: string }[] }>('GET', '/referral-teams')).body.items.find(({ name }) => name === 'Physiotherapy');
    const made = await mine.call<{ id: string }>('POST', '/referral-views', { name: 'Spanish', view: 'unassigned', filters: { language: 'es' } });
    expect([made.status, made.etag]).toEqual([201, 'W/"1"']);
    expect((await mine.call<Refused>('POST', '/referral-views', { name: 'Spanish', view: 'open' })).body.code).toBe('view.name');
    const names = async (as: Staff): Promise<string[]> => (await as.call<{ items: { name: string }[] }>('GET', '/referral-views')).body.items.map(({ name }) => name);
    expect([await names(mine), await names(other)]).toEqual([['Spanish'], []]);
    const shared = { name: 'Spanish', view: 'unassigned', filters: { language: 'es' }, sharedWith: team?.id };
    expect((await mine.call('PUT', `/referral-views/${made.body.id}`, shared, 'W/"1"')).status).toBe(200);
    expect((await mine.call('PUT', `/referral-views/${made.body.id}`, shared, 'W/"1"')).status).toBe(412);
    expect(await names(other)).toEqual(['Spanish']);
    expect((await other.call('DELETE', `/referral-views/${made.body.id}`)).status).toBe(404);
    const wrong = await mine.call<Refused>('POST', '/referral-views', { name: 'x', view: 'open', filters: { language: 'Spanish', sql: 1 } });
    expect([wrong.status, wrong.body.errors?.map(({ field }) => field).sort()]).toEqual([400, ['filters', 'filters.language']]);
    expect((await mine.call('DELETE', `/referral-views/${made.body.id}`)).status).toBe(204);
  });

  it('pages in one order without a skip or a repeat, while others act', async () => {
    for (let index = 0; index < 5; index += 1) await referral();
    const all = await ids('view=open');
    const seen: string[] = [];
    for (let after: string | undefined, pages = 0; pages < 30; pages += 1) {
      const { body }: { body: List } = await mine.call<List>('GET', `/referrals?view=open&limit=2${after ? `&after=${after}` : ''}`);
      seen.push(...body.items.map(({ id }) => id));
      after = body.next;
      if (!after) break;
    }
    expect(seen).toEqual(all);
  });

  it('tells open worklists of changes by id and version only, resumes from the last one read, and hears of no other clinic', async () => {
    const stream = await EventStream.open(app, await app.as('coordinator'));
    const elsewhere = await EventStream.open(app, await coordinatorElsewhere());
    const id = await referral();
    await eventually('the news of a new referral', () => stream.events.some(({ data }) => data.id === id));
    expect(elsewhere.events).toEqual([]);
    elsewhere.close();
    const last = stream.events.at(-1)?.id ?? '';
    stream.close();
    await mine.act(id, 'POST', 'triage');
    const resumed = await EventStream.open(app, await app.as('coordinator'), last);
    const { version } = (await mine.read(id)).body;
    await eventually('what was missed', () => resumed.events.some(({ data }) => data.id === id && data.version === version));
    expect(resumed.events.every(({ event, data }) => event === 'referral' && Object.keys(data).sort().join() === 'id,version')).toBe(true);
    const before = resumed.events.length;
    await other.call('PUT', `/referrals/${id}/claim`);
    await eventually('the news of a claim', () => resumed.events.length > before);
    resumed.close();
    expect((await fetch(`${app.url}/api/v1/referrals/events`)).status).toBe(401);
    const bad = await fetch(`${app.url}/api/v1/referrals/events`, { headers: { authorization: await app.as('coordinator'), 'last-event-id': 'x' } });
    expect(bad.status).toBe(400);
    expect((await fetch(`${app.url}/api/v1/referrals/events`, { headers: { authorization: await app.as('auditor') } })).status).toBe(403);
  });

  it('refuses each wrong filter, naming it', async () => {
    for (const [query, field] of [['language=Spanish', 'language'], ['discipline=magic', 'discipline'], ['waitedAtLeast=-1', 'waitedAtLeast'], ['team=x', 'team'], ['text=', 'text'], ['referrer=', 'referrer'], ['notTakenByEhr=no', 'notTakenByEhr'], ['colour=red', '(body)']] as const) {
      for (const path of ['/referrals', '/referrals/counts']) {
        const reply = await mine.call<Refused>('GET', `${path}?${query}`);
        expect([path, query, reply.status, reply.body.errors?.[0]?.field]).toEqual([path, query, 400, field]);
      }
    }
  });

  it('shows stale ones when they have not moved for as long as their state allows', async () => {
    const id = await referral();
    expect(await ids('view=stale')).not.toContain(id);
    const stream = await EventStream.open(app, await app.as('coordinator'));
    await app.advance(2.1 * DAY_MS);
    expect(await ids('view=stale')).toContain(id);
    await eventually('the news that it is stale', () => stream.events.some(({ data }) => data.id === id));
    stream.close();
    const fresh = await referral();
    const usual = (await list('view=open')).filter(({ redFlags }) => redFlags.hardStops + redFlags.concerns === 0);
    const stale = usual.find((item) => item.id === id);
    expect(stale).toMatchObject({ stale: true, nextAction: 'open-triage', nextActionAt: stale?.receivedAt });
    expect(usual.findIndex((item) => item.id === id)).toBeLessThan(usual.findIndex((item) => item.id === fresh));
    const moved = (await mine.act(id, 'POST', 'triage')) as ReferralAnswer & { nextActionAt: string; receivedAt: string };
    expect([moved.nextActionAt > moved.receivedAt, await ids('view=stale')]).toEqual([true, expect.not.arrayContaining([id])]);
  });

  it('ends its streams when the server stops, and opens none that was on its way then', async () => {
    const briefly = await startTestApp();
    const stream = await EventStream.open(briefly, await briefly.as('coordinator'));
    const streams = briefly.get(WorklistStream);
    const refused = expect(streams.open(briefly.scope(), undefined)).rejects.toMatchObject({ kind: 'unavailable' });
    await streams.beforeApplicationShutdown();
    await refused;
    await briefly.stop();
    await stream.ended;
  });
});
