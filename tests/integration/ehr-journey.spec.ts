import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CarePlan, Communication, Consent, DocumentReference, Goal, Observation, Provenance, Task } from '@medplum/fhirtypes';
import { eventually } from '../support/eventually.js';
import { startSandboxEhr } from '../../apps/sandbox/src/index.js';
import { unsharePatient } from '@cairn/fhir';
import { EhrConnections } from '@cairn/ehr';
import { atHospital, connectHospital, startEhrLink, type EhrLink } from '../support/ehr-link.js';

/** Opens the one referral, accepts it, and lets the undo window pass. */
async function accept({ app }: EhrLink): Promise<void> {
  const coordinator = await app.as('coordinator');
  const clinician = await app.as('clinician');
  const list = await app.request.get('/api/v1/referrals').set('authorization', coordinator).expect(200);
  const path = `/api/v1/referrals/${(list.body as { items: { id: string }[] }).items[0]?.id}`;
  await app.request.post(`${path}/triage`).set('authorization', coordinator);
  const { headers } = await app.request.get(path).set('authorization', coordinator).expect(200);
  await app.request
    .post(`${path}/acceptance`)
    .set('authorization', clinician)
    .set('if-match', headers['etag'] as string)
    .send({ urgency: 'routine', pathway: 'assessment', comment: 'We will see the patient.' })
    .expect(200);
  await app.advance(5 * 60_000);
}

const GOAL = (patientId: string): Goal => ({
  resourceType: 'Goal',
  lifecycleStatus: 'active',
  description: { text: 'Walk 15 minutes daily' },
  subject: { reference: `Patient/${patientId}` },
  target: [{ measure: { text: 'Minutes walked' }, detailQuantity: { value: 15, unit: 'min' }, dueDate: '2027-03-01' }],
});

const PLAN = (patientId: string, goalId?: string): CarePlan => ({
  resourceType: 'CarePlan',
  status: 'active',
  intent: 'plan',
  title: 'Pain plan',
  subject: { reference: `Patient/${patientId}` },
  ...(goalId && { goal: [{ reference: `Goal/${goalId}` }] }),
  activity: [{ detail: { status: 'scheduled', description: 'Graded walking' } }],
});

const PEG = (patientId: string): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'PEG total' },
  subject: { reference: `Patient/${patientId}` },
  valueQuantity: { value: 5.7, unit: '{score}' },
});

describe('an EHR that takes every type', () => {
  let link: EhrLink;
  beforeAll(async () => {
    link = await startEhrLink();
  });
  afterAll(() => link.stop());

  it('sees its own Task received, then accepted, each step once and in order, with the clinic’s answer', async () => {
    const [placed] = await atHospital<Task>(link, 'Task');
    await link.hospital.waitForResource<Task>('Task', ({ status }) => status === 'received');
    await accept(link);
    await link.hospital.waitForResource<Task>('Task', ({ status }) => status === 'accepted');
    const history = await link.hospital.repository.readHistory<Task>('Task', placed?.id ?? '');
    const statuses = (history.entry ?? []).map(({ resource }) => resource?.status).reverse();
    expect(statuses.filter((status, at) => status !== statuses[at - 1])).toEqual(['requested', 'received', 'accepted']);
    const tasks = await atHospital<Task>(link, 'Task');
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toMatchObject({ id: placed?.id, focus: placed?.focus, for: placed?.for, requester: placed?.requester, authoredOn: placed?.authoredOn });
    expect(tasks[0]?.identifier).toEqual(expect.arrayContaining([...(placed?.identifier ?? []), { system: 'urn:cairn:resource', value: `Task/${link.taskId}` }]));
    const letter = await link.hospital.waitForResource<Communication>('Communication', () => true);
    expect(letter).toMatchObject({ basedOn: [placed?.focus], subject: { reference: `Patient/${link.patientThere}` }, about: [{ reference: `Task/${placed?.id}` }] });
  });

  it('gets what belongs to the plan, leading to what it knows already', async () => {
    const goalId = await link.write(GOAL(link.patientId));
    const planId = await link.write(PLAN(link.patientId, goalId));
    expect(await link.settled('CarePlan', planId)).toMatchObject([{ state: 'delivered', form: 'CarePlan' }]);
    const [goal] = await atHospital<Goal>(link, 'Goal');
    const [plan] = await atHospital<CarePlan>(link, 'CarePlan');
    expect(plan).toMatchObject({
      subject: { reference: `Patient/${link.patientThere}` },
      goal: [{ reference: `Goal/${goal?.id}` }],
      identifier: [{ system: 'urn:cairn:resource', value: `CarePlan/${planId}` }],
      meta: { source: `${link.app.url}/fhir/CarePlan/${planId}/_history/1` },
    });
  });

  it('gets the next version in place of the last, and nothing unfinished', async () => {
    const draft = await link.write({ ...PLAN(link.patientId), status: 'draft', title: 'Not yet agreed' });
    await link.write({ ...PLAN(link.patientId), id: draft, title: 'Agreed' });
    await link.write({ ...PLAN(link.patientId), id: draft, title: 'Agreed', status: 'on-hold' });
    expect(await link.settled('CarePlan', draft)).toMatchObject([
      { resource_version: 2, state: 'delivered' },
      { resource_version: 3, state: 'delivered' },
    ]);
    const plans = (await atHospital<CarePlan>(link, 'CarePlan')).filter(({ title }) => title === 'Agreed');
    expect(plans).toMatchObject([{ status: 'on-hold', meta: { versionId: '2' } }]);
  });

  it('leaves evidence here: Provenance for each crossing, and the audit log', async () => {
    const id = await link.write(PEG(link.patientId));
    const [row] = await link.settled('Observation', id);
    const provenance = await link.asCairn((tx) => link.store.search(tx, 'Provenance', { target: `Observation/${id}` }));
    expect(provenance as Provenance[]).toMatchObject([
      {
        target: [{ reference: `Observation/${id}/_history/1` }],
        agent: [{ type: { coding: [{ code: 'author' }] } }, { type: { coding: [{ code: 'transmitter' }] } }],
        entity: [{ role: 'source', what: { identifier: { value: `Observation/${id}` } } }, { role: 'derivation', what: { identifier: { value: `${link.hospital.fhirUrl}/${row?.remote}` } } }],
      },
    ]);
    const entries = await link.sql(`select outcome, patients from audit where what = 'ehr.deliver' and entities @> array[$1]`, [`Observation/${id}`]);
    expect(entries).toEqual([{ outcome: 'success', patients: [link.patientId] }]);
  });

  it('does not hear of what speaks of two patients, is labelled as sensitive, or is nobody’s referral', async () => {
    const other = await link.write({ resourceType: 'Patient' });
    const two = await link.write({ ...PEG(link.patientId), performer: [{ reference: `Patient/${other}` }] });
    const note = await link.write({ resourceType: 'Communication', status: 'completed', subject: { reference: `Patient/${link.patientId}` }, payload: [{ contentString: 'Internal' }] });
    const chore = await link.write({ resourceType: 'Task', status: 'requested', intent: 'order', for: { reference: `Patient/${link.patientId}` } });
    const secret = await link.write({ ...PEG(link.patientId), meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSYTHPN' }] } });
    expect(await link.settled('Observation', secret)).toMatchObject([{ state: 'not-taken', problem: 'withheld' }]);
    expect(await link.deliveries(`resource_id in ('${two}', '${note}', '${chore}')`)).toEqual([]);
    const hospitalIt = await link.app.as('hospital-it');
    const listed = await link.app.request.get(`/api/v1/ehr/connections/${link.connectionId}/deliveries?limit=200`).set('authorization', hospitalIt).expect(200);
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    const told = await link.app.request.get(`/api/v1/ehr/untold?patient=${link.patientId}`).set('authorization', await link.app.as('clinician')).expect(200);
    expect(told.body).toMatchObject({ items: [{ resource: `Observation/${secret}`, problem: { code: 'withheld' }, connection: { name: 'Sandbox hospital' } }] });
  });

  it('is told of a labelled record where the patient consents to it, with the label and the notice', async () => {
    const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: '42CFRPart2' };
    const consent: Consent = {
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${link.patientId}` },
      policyRule: { text: 'as asked' },
      provision: { type: 'permit', securityLabel: [label], actor: [{ role: { text: 'recipient' }, reference: { identifier: { system: 'urn:cairn:connection', value: link.connectionId } } }] },
    };
    const before = await link.write({ ...PEG(link.patientId), meta: { security: [label] } });
    expect(await link.settled('Observation', before)).toMatchObject([{ state: 'not-taken', problem: 'withheld' }]);
    await link.write(consent);
    const permitted = await link.write({ ...PEG(link.patientId), meta: { security: [label] } });
    const other = await link.write({ ...PEG(link.patientId), meta: { security: [label, { ...label, code: 'PSYTHPN' }] } });
    const [row] = await link.settled('Observation', permitted);
    expect(row).toMatchObject({ state: 'delivered' });
    const there = (await atHospital<Observation>(link, 'Observation')).find(({ id }) => row?.remote === `Observation/${id}`);
    expect(there?.meta?.security).toContainEqual(label);
    expect(await link.settled('Observation', other)).toMatchObject([{ state: 'not-taken', problem: 'withheld' }]);
  });
});

describe('an EHR whose Task, CarePlan and Goal can only be read', () => {
  let link: EhrLink;
  beforeAll(async () => {
    link = await startEhrLink({ profile: 'millennium' });
  });
  afterAll(() => link.stop());

  it('is told of the Task by messages, one for each step', async () => {
    const isAbout = ({ identifier }: Communication): boolean => identifier?.some(({ value }) => value?.startsWith(`Task/${link.taskId}/_history/`)) ?? false;
    const first = await link.hospital.waitForResource<Communication>('Communication', isAbout);
    expect(first).toMatchObject({ status: 'completed', subject: { reference: `Patient/${link.patientThere}` }, basedOn: [{ reference: expect.stringMatching(/^ServiceRequest\//) }] });
    expect(first.payload?.[0]?.contentString).toContain('received');
    await accept(link);
    const second = await link.hospital.waitForResource<Communication>('Communication', (one) => isAbout(one) && one.payload?.[0]?.contentString?.includes('accepted') === true);
    expect(second.id).not.toBe(first.id);
    const rows = await link.settled('Task', link.taskId);
    expect(new Set(rows.map(({ state, form }) => `${state} ${form}`))).toEqual(new Set(['fallback Communication']));
  });

  it('is told of the plan by a document that is renewed in place', async () => {
    const goalId = await link.write(GOAL(link.patientId));
    const planId = await link.write(PLAN(link.patientId, goalId));
    await link.write({ ...PLAN(link.patientId, goalId), id: planId, status: 'on-hold' });
    expect(await link.settled('CarePlan', planId)).toMatchObject([
      { state: 'fallback', form: 'DocumentReference' },
      { state: 'fallback', form: 'DocumentReference' },
    ]);
    const documents = (await atHospital<DocumentReference>(link, 'DocumentReference')).filter(({ identifier }) => identifier?.[0]?.value === `CarePlan/${planId}`);
    expect(documents).toHaveLength(1);
    const words = Buffer.from(documents[0]?.content[0]?.attachment.data ?? '', 'base64').toString('utf8');
    expect(words).toContain('Pain plan');
    expect(words).toContain('Status: on-hold');
    expect(words).toContain('Goal: Walk 15 minutes daily');
    expect(words).toContain('Target: Minutes walked 15 min by 2027-03-01');
    expect(documents[0]).toMatchObject({ type: { coding: [{ system: 'http://loinc.org', code: '80764-4' }] }, subject: { reference: `Patient/${link.patientThere}` } });
  });

  it('takes the next poorer form when it refuses what it said it takes', async () => {
    await eventually('what the EHR can do', async () => (await link.sql(`select 1 from ehr_connection where capability is not null`)).length === 1);
    await link.sql(`update ehr_connection set capability = jsonb_set(capability, '{types,Goal}', capability #> '{types,Communication}')`);
    const id = await link.write({ ...GOAL(link.patientId), description: { text: 'Climb the stairs' } });
    expect(await link.settled('Goal', id)).toMatchObject([{ state: 'fallback', form: 'DocumentReference', attempts: 2 }]);
  });
});

describe('two hospitals of one clinic', () => {
  let link: EhrLink;
  let other: EhrLink['hospital'];
  beforeAll(async () => {
    link = await startEhrLink();
    other = await startSandboxEhr({ seed: 77 });
    await connectHospital(link.app, other, 'Other hospital');
  });
  afterAll(async () => {
    await link.stop();
    await other.stop();
  });

  it('hear each of their own patient only', async () => {
    const { answer } = await other.refer();
    expect(answer.status).toBe(200);
    await other.waitForResource<Task>('Task', ({ status }) => status === 'received');
    const id = await link.write(PEG(link.patientId));
    await link.settled('Observation', id);
    expect(other.requests.all().filter(({ method, path }) => method === 'POST' && path.startsWith('/fhir/Observation'))).toEqual([]);
    const rows = await link.sql<{ connections: string }>('select count(distinct connection_id) as connections from ehr_delivery group by patient_id');
    expect(rows.map(({ connections }) => connections)).toEqual(['1', '1']);
  });

  it('hear nothing more of a patient who was taken from them, not even what waited', async () => {
    const hospitalIt = link.app.scope('hospital-it');
    await link.app.get(EhrConnections).pause(hospitalIt, link.connectionId);
    const id = await link.write(PEG(link.patientId));
    await eventually('the waiting delivery', async () => (await link.deliveries(`resource_id = '${id}'`)).length === 1);
    await link.asCairn((tx) => unsharePatient(tx, link.connectionId, link.patientId));
    await link.app.get(EhrConnections).resume(hospitalIt, link.connectionId);
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'not-taken', problem: 'not-shared' }]);
    expect((await atHospital<Observation>(link, 'Observation')).filter(({ identifier }) => identifier?.[0]?.value === `Observation/${id}`)).toEqual([]);
  });
});
