import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { KnownResources } from '../support/fhir-records.js';

const SYSTEM = 'urn:pain';
const SETS = 'http://x.example/ValueSet';

describe('searching by value sets and hierarchies of codes', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;

  const sorted = async (path: string): Promise<string[]> => (await known.search(path)).sort();
  const refusal = async (path: string, caller = client): Promise<[number, string | undefined]> => {
    const reply = await caller.get<OperationOutcome>(`/${path}`);
    return [reply.status, reply.body.issue?.[0]?.expression?.[0]];
  };

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = new KnownResources(client);
    await client.create({
      resourceType: 'CodeSystem',
      status: 'active',
      url: SYSTEM,
      content: 'complete',
      concept: [
        { code: 'pain', concept: [{ code: 'back', concept: [{ code: 'low-back' }] }, { code: 'head' }] },
        // Says its place by a property, as flat code systems do.
        { code: 'sciatica', property: [{ code: 'parent', valueCode: 'low-back' }] },
        { code: 'sleep' },
      ],
    });
    await client.create({ resourceType: 'CodeSystem', status: 'active', url: 'urn:part', content: 'fragment', concept: [{ code: 'a' }] });
    const set = async (name: string, compose: object): Promise<void> => {
      await client.create({ resourceType: 'ValueSet', status: 'active', url: `${SETS}/${name}`, version: '1', ...compose });
    };
    await set('listed', { compose: { include: [{ system: SYSTEM, concept: [{ code: 'head' }, { code: 'sleep' }] }] } });
    await set('is-a', { compose: { include: [{ system: SYSTEM, filter: [{ property: 'concept', op: 'is-a', value: 'back' }] }] } });
    await set('whole', { compose: { include: [{ system: SYSTEM }], exclude: [{ system: SYSTEM, concept: [{ code: 'head' }] }] } });
    await set('open', { compose: { include: [{ system: 'urn:unlisted' }], exclude: [{ system: 'urn:unlisted', concept: [{ code: 'no' }] }] } });
    await set('imported', { compose: { include: [{ valueSet: [`${SETS}/whole`, `${SETS}/is-a|1`] }] } });
    await set('expanded', { expansion: { timestamp: '2024-01-01', total: 2, contains: [{ system: SYSTEM, code: 'back', abstract: true, contains: [{ system: SYSTEM, code: 'low-back' }] }] } });
    await set('ring', { compose: { include: [{ valueSet: [`${SETS}/ring`] }] } });
    await set('unknown-filter', { compose: { include: [{ system: SYSTEM, filter: [{ property: 'colour', op: '=', value: 'red' }] }] } });
    for (const code of ['pain', 'back', 'low-back', 'sciatica', 'head', 'sleep']) await known.make(code, { resourceType: 'Observation', status: 'final', code: { coding: [{ system: SYSTEM, code }] } });
    await known.make('foreign', { resourceType: 'Observation', status: 'amended', code: { coding: [{ system: 'urn:other', code: 'head' }] } });
    await known.make('unlisted', { resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'urn:unlisted', code: 'yes' }] } });
    await known.make('unlisted-no', { resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'urn:unlisted', code: 'no' }] } });
    await known.make('wife', { resourceType: 'RelatedPerson', patient: { reference: `Patient/${await known.make('anna', { resourceType: 'Patient', gender: 'female' })}` }, relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'WIFE' }] }] });
  });
  afterAll(() => app.stop());

  it.each([
    [`Observation?code:in=${SETS}/listed`, ['head', 'sleep']],
    [`Observation?code:in=${SETS}/listed|1`, ['head', 'sleep']],
    [`Observation?code:in=${SETS}/is-a`, ['back', 'low-back', 'sciatica']],
    [`Observation?code:in=${SETS}/whole`, ['back', 'low-back', 'pain', 'sciatica', 'sleep']],
    [`Observation?code:in=${SETS}/imported`, ['back', 'low-back', 'sciatica']],
    [`Observation?code:in=${SETS}/expanded`, ['low-back']],
    [`Observation?code:in=${SETS}/open`, ['unlisted']],
    [`Observation?code:in=${SETS}/listed,${SETS}/expanded`, ['head', 'low-back', 'sleep']],
    [`Observation?code:not-in=${SETS}/whole`, ['foreign', 'head', 'unlisted', 'unlisted-no']],
    [`Observation?code:below=${SYSTEM}|back`, ['back', 'low-back', 'sciatica']],
    [`Observation?code:above=${SYSTEM}|low-back`, ['back', 'low-back', 'pain']],
    [`Observation?code:below=${SYSTEM}|head,${SYSTEM}|sleep`, ['head', 'sleep']],
    [`Observation?code:below=${SYSTEM}|nothing`, []],
    // R4's own definitions: a required value set of plain codes, and a hierarchy of HL7 version 3.
    ['Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['anna']],
    ['Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender', []],
    ['RelatedPerson?relationship:below=http://terminology.hl7.org/CodeSystem/v3-RoleCode|SPS', ['wife']],
    ['RelatedPerson?relationship:above=http://terminology.hl7.org/CodeSystem/v3-RoleCode|WIFE', ['wife']],
    ['RelatedPerson?relationship:below=http://terminology.hl7.org/CodeSystem/v3-RoleCode|CHILD', []],
    ['RelatedPerson?patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender', ['wife']],
  ])('%s', async (path, expected) => {
    expect(await sorted(`/${path}`)).toEqual(expected);
  });

  it('takes a value set by its id too, and the definition that was stored last', async () => {
    const id = await client.create({ resourceType: 'ValueSet', status: 'active', url: `${SETS}/newer`, compose: { include: [{ system: SYSTEM, concept: [{ code: 'head' }] }] } });
    expect(await sorted(`/Observation?code:in=ValueSet/${id}`)).toEqual(['head']);
    await client.put(`/ValueSet/${id}`, { resourceType: 'ValueSet', id, status: 'active', url: `${SETS}/newer`, compose: { include: [{ system: SYSTEM, concept: [{ code: 'sleep' }] }] } });
    expect(await sorted(`/Observation?code:in=${SETS}/newer`)).toEqual(['sleep']);
  });

  it.each([
    ['Observation?code:in=http://x.example/ValueSet/nowhere', 'code:in'],
    [`Observation?code:in=${SETS}/ring`, 'code:in'],
    [`Observation?code:in=${SETS}/unknown-filter`, 'code:in'],
    ['Observation?code:below=http://loinc.org|8480-6', 'code:below'],
    ['Observation?code:below=urn:part|a', 'code:below'],
    ['Observation?code:above=head', 'code:above'],
    ['Observation?subject:in=x', 'subject:in'],
  ])('refuses what nobody here can know: %s', async (path, parameter) => {
    expect(await refusal(path)).toEqual([400, parameter]);
  });

  it('uses only definitions that the caller may search, in no right and in no criteria of a write', async () => {
    const only = new FhirClient(app, await app.asSystem('system/Observation.rs'));
    expect(await refusal(`Observation?code:in=${SETS}/listed`, only)).toEqual([400, 'code:in']);
    const right = new FhirClient(app, await app.asSystem(`system/Observation.rs?code:in=${SETS}/listed`));
    expect(await right.ids('/Observation')).toEqual([]);
    const made = await client.post('/Observation', { resourceType: 'Observation', status: 'final', code: { text: 'x' } }, { 'if-none-exist': `code:in=${SETS}/listed` });
    expect(made.status).toBe(400);
  });
});
