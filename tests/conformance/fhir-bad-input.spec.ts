import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { describeWithTestData } from '../support/test-data.js';

let app: TestApp;
let client: FhirClient;
/** A client whose resources are stored with elements that FHIR doesn't know. */
let free: FhirClient;

beforeAll(async () => {
  app = await startTestApp();
  client = new FhirClient(app, await app.asSystem('system/*.*'));
  free = new FhirClient(app, await app.asSystem('system/*.*', { validation: 'off' }));
});
afterAll(() => app.stop());

const codeOf = ({ issue }: OperationOutcome): string => issue[0]?.details?.coding?.[0]?.code ?? '';

describeWithTestData('bad/json-parsing', 'JSON that breaks parsers', (folder) => {
  const JSON_ERRORS = ['invalid-json', 'invalid-unicode', 'too-deep', 'null-character', 'number-too-large', 'duplicate-key'];
  /** JSON, and yet refused here: a key that stands twice, and U+0000, could not come out again as they went in. */
  const REFUSED = /^y_(?:object_duplicated_key|string_null_escape|object_escaped_null_in_key)/;
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

  it('is refused as a whole body with an OperationOutcome, and so is JSON that is no resource', async () => {
    for (const name of files) {
      const reply = await client.post<OperationOutcome>('/Basic', readFileSync(join(folder, name)));
      expect([name, reply.status, reply.body.resourceType]).toEqual([name, 400, 'OperationOutcome']);
      if (name.startsWith('n_')) expect([name, JSON_ERRORS.includes(codeOf(reply.body))]).toEqual([name, true]);
    }
  });

  it('is refused within a resource; what is JSON is stored there and comes back equal', async () => {
    const outcomes = { stored: 0, refused: 0 };
    for (const name of files) {
      const value = readFileSync(join(folder, name));
      const reply = await free.post<{ wrapped: unknown }>('/Basic', Buffer.concat([Buffer.from('{"resourceType":"Basic","code":{"text":"x"},"wrapped":'), value, Buffer.from('}')]));
      const expected = name.startsWith('y_') && !REFUSED.test(name) ? [201] : name.startsWith('i_') ? [201, 400] : [400];
      expect([name, expected.includes(reply.status)]).toEqual([name, true]);
      if (reply.status === 201) expect([name, reply.body.wrapped]).toEqual([name, JSON.parse(value.toString('utf8'))]);
      outcomes[reply.status === 201 ? 'stored' : 'refused']++;
    }
    expect(outcomes.stored).toBeGreaterThan(80);
    expect(outcomes.refused).toBeGreaterThan(180);
  });
});

describeWithTestData('bad/naughty-strings', 'naughty strings', (folder) => {
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const strings = JSON.parse(readFileSync(join(folder, file), 'utf8')) as string[];
  const everywhere = (text: string, mark: string): Patient => ({
    resourceType: 'Patient',
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">x${text.replace(/[\uFFFE\uFFFF]/g, '').replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)}</div>` },
    identifier: [{ system: 'urn:naughty', value: text }, { system: 'urn:mark', value: mark }],
    name: [{ text, family: text, given: [text], prefix: [text] }],
    telecom: [{ system: 'other', value: text }],
    address: [{ line: [text], city: text }],
    contact: [{ name: { text } }],
    extension: [{ url: 'urn:naughty', valueString: text }, { url: 'urn:naughty', valueMarkdown: text }],
    managingOrganization: { display: text },
  });

  it('are kept as they are in every place, and found by what they are', async () => {
    let stored = 0;
    for (const [index, text] of strings.entries()) {
      const sent = everywhere(text, `s${index}`);
      const created = await client.post<Patient>('/Patient', sent);
      // FHIR allows neither texts without content nor control characters.
      const legal = text.trim() !== '' && /^[\r\n\t\u0020-\uFFFF]+$/.test(text);
      expect([text, created.status]).toEqual([text, legal ? 201 : 400]);
      if (created.status !== 201) continue;
      const { id, meta, ...kept } = created.body;
      expect(kept).toEqual(sent);
      const escaped = text.replace(/[\\,$|]/g, (character) => `\\${character}`);
      const found = await client.send<Bundle>('POST', '/Patient/_search', new URLSearchParams({ identifier: `urn:naughty|${escaped}`, 'name:exact': escaped }).toString(), { 'content-type': 'application/x-www-form-urlencoded' });
      expect([text, found.status]).toEqual([text, 200]);
      expect([text, found.body.entry?.some(({ resource }) => resource?.id === id)]).toEqual([text, true]);
      stored++;
    }
    expect(stored).toBeGreaterThan(400);
  }, 120_000);

  it('do no harm as values, names of parameters, ids, types, criteria and versions', async () => {
    // Each string stands in three of the places, each place has every third string or so.
    const urls = strings.flatMap((text, index) => {
      const encoded = encodeURIComponent(text.toWellFormed());
      return [`Patient?name=${encoded}`, `Patient?birthdate=${encoded}`, `Patient?organization=${encoded}`, `Observation?value-quantity=${encoded}`, `ValueSet?url=${encoded}`, `Patient?${encoded}=x`, `Patient?_sort=${encoded}`, `Patient/${encoded}`, `${encoded}/1`, `Patient/x/_history/${encoded}`].filter((_url, place) => (place + index) % 3 === 0);
    });
    for (let start = 0; start < urls.length; start += 1_000) {
      const entry = urls.slice(start, start + 1_000).map((url) => ({ request: { method: 'GET', url } }));
      const { status, body } = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry });
      expect(status).toBe(200);
      body.entry?.forEach(({ response }, index) => {
        if (!['200', '400', '404', '405'].includes(response?.status ?? '')) throw new Error(`${entry[index]?.request.url}: ${response?.status}`);
      });
    }
    for (const text of strings.filter((_text, index) => index % 4 === 0)) {
      const header = text.replace(/[^\t\x20-\x7e]/g, '?');
      const { status } = await client.post('/Patient', { resourceType: 'Patient' }, { 'if-none-exist': header, prefer: header, 'x-correlation-id': header });
      expect([text, [200, 201, 400, 412].includes(status)]).toEqual([text, true]);
    }
  }, 120_000);
});

describeWithTestData('bad/fhir-validator', "the cases of FHIR's own validator", (folder) => {
  interface Case {
    readonly file: string;
    readonly resourceType: string;
    readonly errors: number;
    readonly coreBad: boolean;
  }
  const cases = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Case[];
  const bodyOf = ({ file }: Case): Buffer => readFileSync(join(folder, 'files', file));
  const typeOf = ({ resourceType }: Case): string => (/^[A-Z][A-Za-z]+$/.test(resourceType) ? resourceType : 'Patient');

  /** Wrong by base R4, and the element at which Cairn says so. */
  const WRONG: Readonly<Record<string, string>> = {
    'bundle-document-versioned-references-bad.json': 'Bundle.entry[0].resource.section[0].entry[1]',
    'synthea.json': 'Encounter.reasonCode',
    'pat-security-bad-xhtml.json': 'Patient.text.div',
    'mni-patientOverview-bundle-example1b.json': 'Bundle.entry[0].fullUrl',
    'empty-array.json': 'DocumentReference.category[0].coding',
    'resource-invalid-id-2.json': 'Location.id',
    'encounter-period.json': 'Encounter.period',
    'patient-id-bad-1.json': 'Patient.id',
    'xml-bad-entities.json': 'Encounter.text.div',
    'versioned-extension.json': 'Patient.extension[2].url',
    'bundle-urn.json': 'Bundle.entry[0].resource.subject',
    'ai4.json': 'Patient.birthDate',
    'ai8.json': 'StructureDefinition.name',
    'mr-covid-bnd1.json': 'Bundle.entry[0].resource.type[0].coding[0].system',
    'bundle-id-search-3.json': 'Bundle.entry[0].resource',
  };

  it('are accepted where that accepts them', async () => {
    const good = cases.filter(({ file, errors }) => errors === 0 && file !== 'matchetype__matchetype-pattern.json');
    expect(good.length).toBeGreaterThan(15);
    for (const each of good) {
      const reply = await client.post(`/${typeOf(each)}`, bodyOf(each));
      expect([each.file, reply.status, reply.status === 201 ? '' : reply.text]).toEqual([each.file, 201, '']);
    }
  });

  it('are refused at the right element where base R4 is broken', async () => {
    for (const each of cases.filter(({ coreBad }) => coreBad)) {
      const expected = WRONG[each.file];
      if (!expected) continue;
      const { status, body } = await client.post<OperationOutcome>(`/${typeOf(each)}`, bodyOf(each));
      expect([each.file, [400, 422].includes(status)]).toEqual([each.file, true]);
      expect([each.file, body.issue.flatMap(({ expression }) => expression ?? [])]).toEqual([each.file, expect.arrayContaining([expected])]);
    }
    const unparseable = cases.find(({ file }) => file === 'json-comments-2.json');
    if (unparseable) expect((await client.post<OperationOutcome>('/Patient', bodyOf(unparseable))).body.issue[0]?.diagnostics).toMatch(/line 3, column 3/);
  });

  it('end in an answer, all of them: written, validated, and sent by a client that is let pass', async () => {
    for (const each of cases) {
      for (const reply of [await client.post(`/${typeOf(each)}`, bodyOf(each)), await free.post(`/${typeOf(each)}`, bodyOf(each)), await client.post(`/${typeOf(each)}/$validate`, bodyOf(each))]) {
        expect([each.file, [200, 201, 400, 404, 405, 422].includes(reply.status)]).toEqual([each.file, true]);
      }
    }
  });
});

describe('what is wrong in each place of a resource', () => {
  const VALUES = ['null', '1', 'true', '"x"', '[]', '[[]]', '[null]', '{}', '[{"coding":7}]', '{"start":1,"end":[]}', '{"value":"x","low":[]}', '{"reference":"Patient/"}', '"9999-99-99"', '1e308'];
  const PLACES = {
    RelatedPerson: ['identifier', 'name', 'birthDate', 'address', 'telecom', 'communication', 'contained', 'text', 'extension', 'gender', '_birthDate'],
    Procedure: ['status', 'code', 'subject', 'performedPeriod', 'performedDateTime', 'performedAge', 'performer', 'basedOn', 'category', 'reasonReference', 'instantiatesCanonical'],
    RiskAssessment: ['prediction', 'occurrenceDateTime', 'method', 'condition'],
  };

  it('never ends in a failure when a client is let pass', async () => {
    const entries = Object.entries(PLACES).flatMap(([type, places]) =>
      places.flatMap((place) => VALUES.map((value) => `{"resource":{"resourceType":"${type}","${place}":${value}},"request":{"method":"POST","url":"${type}"}}`)),
    );
    const { status, body } = await free.post<Bundle>('', `{"resourceType":"Bundle","type":"batch","entry":[${entries.join()}]}`);
    expect(status).toBe(200);
    body.entry?.forEach(({ response }, index) => expect([entries[index], ['201', '400', '422'].includes(response?.status ?? '')]).toEqual([entries[index], true]));
    expect(body.entry?.filter(({ response }) => response?.status === '201').length).toBeGreaterThan(200);
    for (const query of ['RelatedPerson?name=x', 'RelatedPerson?phone=1', 'RiskAssessment?probability=1', 'Procedure?date=2024', 'Procedure?_include=Procedure:subject', 'RelatedPerson?_summary=true', 'RelatedPerson?_elements=name', 'Procedure?_sort=date']) {
      expect([query, (await free.get(`/${query}`)).status]).toEqual([query, 200]);
    }
  }, 120_000);
});
