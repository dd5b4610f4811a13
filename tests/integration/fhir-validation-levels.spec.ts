import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { registerClient } from '../support/system-client.js';

const div = (inner: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`;
const narrative = (inner: string): object => ({ resourceType: 'Basic', code: { text: 'x' }, text: { status: 'generated', div: div(inner) } });

/** An unknown element, a code of no value set, a broken invariant's place and a value of the wrong kind. */
const faulty = '{"resourceType":"Flag","status":"busy","code":{"text":"x"},"subject":{"display":"y"},"colour":"red","period":{"start":"2024-02-30"},"identifier":{"value":1.50}}';
const ELEMENTS = ['Flag.status', 'Flag.colour', 'Flag.period.start', 'Flag.identifier'];

describe('how strictly the resources of a client are judged', () => {
  let app: TestApp;
  let strict: FhirClient;
  let warned: FhirClient;
  let free: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    const as = async (validation: 'strict' | 'warn' | 'off'): Promise<FhirClient> => new FhirClient(app, await app.asSystem('system/*.*', { validation }));
    [strict, warned, free] = await Promise.all([as('strict'), as('warn'), as('off')]);
  });
  afterAll(() => app.stop());

  const elements = ({ issue }: OperationOutcome): (string | undefined)[] => issue.flatMap(({ expression }) => expression ?? []);

  it('strict: refuses, and names each element, rule and kind of value', async () => {
    const { status, body } = await strict.post<OperationOutcome>('/Flag', faulty);
    expect(status).toBe(400);
    expect(elements(body).sort()).toEqual([...ELEMENTS].sort());
    expect(body.issue.map(({ code }) => code).sort()).toEqual(['code-invalid', 'structure', 'structure', 'value']);
  });

  it('warn: stores as it was sent, says that there is something to tell, and tells it', async () => {
    const plain = await warned.post('/Flag', faulty);
    expect([plain.status, plain.body.resourceType]).toEqual([201, 'Flag']);
    expect(plain.headers.get('warning')).toMatch(/^299 cairn "Stored with 4 notes/);
    expect(plain.text).toContain('"identifier":{"value":1.50}');
    expect((await warned.get(`/Flag/${plain.body.id}`)).text).toBe(plain.text);
    expect(await warned.ids('/Flag?identifier:missing=true')).toContain(plain.body.id);

    const told = await warned.post<OperationOutcome>('/Flag', faulty, { prefer: 'return=OperationOutcome' });
    expect(told.status).toBe(201);
    expect(elements(told.body).sort()).toEqual([...ELEMENTS].sort());
    expect(told.body.issue.map(({ severity }) => severity)).toEqual(['information', ...ELEMENTS.map(() => 'warning')]);
    expect((await warned.post('/Flag', faulty, { prefer: 'return=minimal' })).headers.get('warning')).toContain('4 notes');
    expect((await warned.post('/Basic', { resourceType: 'Basic', code: { text: 'x' } })).headers.get('warning')).toBeNull();
  });

  it('warn: tells it in a transaction beside the entry', async () => {
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: JSON.parse(faulty) as object, request: { method: 'POST', url: 'Flag' } }, { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } }] };
    const { status, body } = await warned.post<Bundle>('', bundle);
    expect(status).toBe(200);
    expect(body.entry?.map(({ response }) => response?.status)).toEqual(['201', '201']);
    expect(elements(body.entry?.[0]?.response?.outcome as OperationOutcome).sort()).toEqual([...ELEMENTS].sort());
    expect(body.entry?.[1]?.response?.outcome).toBeUndefined();
  });

  it('off: stores, and says nothing', async () => {
    const { status, headers, text } = await free.post('/Flag', faulty);
    expect([status, headers.get('warning')]).toEqual([201, null]);
    expect(text).toContain('"colour":"red"');
  });

  it.each<[string, 'POST' | 'PUT', string, string, number]>([
    ['what is no JSON', 'POST', '/Flag', '{"resourceType":"Flag",}', 400],
    ['a key twice', 'POST', '/Flag', '{"resourceType":"Flag","colour":1,"colour":2}', 400],
    ['another type', 'POST', '/Flag', '{"resourceType":"Basic"}', 400],
    ['no type of FHIR', 'POST', '/Flag', '{"resourceType":"Colour"}', 400],
    ['another id', 'PUT', '/Flag/a', '{"resourceType":"Flag","id":"b"}', 400],
    ['an id that is none', 'POST', '/Flag', '{"resourceType":"Flag","id":["a"]}', 400],
    ['meta that is none', 'POST', '/Flag', '{"resourceType":"Flag","meta":{"security":"R"}}', 400],
    ['a reference that is none', 'POST', '/Flag', '{"resourceType":"Flag","subject":{"reference":7}}', 400],
    ['a reference among fifty faults', 'POST', '/Flag', `{"resourceType":"Flag","colours":1,${Array.from({ length: 60 }, (_, index) => `"x${index}":1`).join()},"subject":{"reference":7}}`, 400],
    ['a script', 'POST', '/Basic', JSON.stringify(narrative('<script>x</script>')), 422],
    ['a wrong structure of what Cairn acts on', 'POST', '/ServiceRequest', '{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":"Patient/1"}', 400],
  ])('refuses whatever the level: %s', async (_what, method, path, body, status) => {
    for (const client of [strict, warned, free]) {
      const reply = await client.send<OperationOutcome>(method, path, body);
      expect([reply.status, reply.body.resourceType]).toEqual([status, 'OperationOutcome']);
    }
  });

  it('judges what Cairn owns strictly', async () => {
    const patient = await warned.create({ resourceType: 'Patient', name: [{ family: 'Field' }] });
    await app.transactions.run(app.scope(), (tx) => tx.query({ text: `update fhir_resource set owner = 'cairn' where clinic_id = $1 and id = $2`, values: [app.clinicId, patient] }));
    const { status } = await warned.put<Patient>(`/Patient/${patient}`, { resourceType: 'Patient', id: patient, colour: 'red' }, { 'if-match': 'W/"1"' });
    expect(status).toBeGreaterThanOrEqual(400);
    expect((await warned.get<Patient>(`/Patient/${patient}`)).body.name?.[0]?.family).toBe('Field');
  });

  it('takes the level from the registration of the client', async () => {
    const client = await registerClient(app, { scopes: ['system/Flag.cruds'], validation: 'warn' });
    const answer: { body: { access_token: string } } = await app.request.post('/oauth/token').type('form').send(client.form(await client.assertion())).expect(200);
    expect((await new FhirClient(app, `Bearer ${answer.body.access_token}`).post('/Flag', faulty)).status).toBe(201);
  });
});

describe('narratives, where they are to be sanitised', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp({ environment: { FHIR_NARRATIVE: 'sanitise' } });
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  it('lose what runs, keep the rest, and the sender is told', async () => {
    const sent = `{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"u","valueDecimal":1.10}],"contained":[{"resourceType":"Basic","id":"c","code":{"text":"y"},"text":{"status":"generated","div":${JSON.stringify(div('<p onclick="x">b</p>'))}}}],
      "text":{"status":"generated","div":${JSON.stringify(div('<p style="color: red">It <b>hurts</b><script>alert(1)</script><br/>&amp; aches <a href="javascript:x">here</a><img src="#a" alt="a"/></p>'))}}}`;
    const reply = await client.post<{ id: string; text: { div: string }; contained: { text: { div: string } }[] }>('/Basic', sent);
    expect(reply.status).toBe(201);
    expect(reply.body.text.div).toBe(div('<p style="color: red">It <b>hurts</b><br />&amp; aches <a>here</a><img src="#a" alt="a" /></p>'));
    expect(reply.body.contained[0]?.text.div).toBe(div('<p>b</p>'));
    expect(reply.text).toContain('"valueDecimal":1.10');
    expect(reply.headers.get('warning')).toContain('299 cairn');
    const told = await client.post<OperationOutcome>('/Basic', sent, { prefer: 'return=OperationOutcome' });
    expect(new Set(told.body.issue.slice(1).map(({ expression }) => expression?.[0]))).toEqual(new Set(['Basic.text.div', 'Basic.contained[0].text.div']));
  });

  it('are refused when nothing is left', async () => {
    expect((await client.post('/Basic', narrative('<script>x</script>'))).status).toBe(422);
  });
});
