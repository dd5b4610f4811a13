import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Coding, Parameters, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const tag = (code: string): Coding => ({ system: 'urn:tags', code });

describe('$meta', () => {
  let app: TestApp;
  let clinic: FhirClient;
  let east: FhirClient;
  let west: FhirClient;
  let patient: string;

  const metaOf = async (client: FhirClient, path: string) => {
    const { status, text, body } = await client.get<Parameters>(path);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    expect(body.parameter?.map(({ name }) => name)).toEqual(['return']);
    return body.parameter?.[0]?.valueMeta;
  };

  beforeAll(async () => {
    app = await startTestApp();
    clinic = new FhirClient(app, await app.asSystem('system/*.cruds'));
    east = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: EAST }));
    west = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: WEST }));
    patient = await east.create({ resourceType: 'Patient', gender: 'female', meta: { profile: ['urn:profile:a'], tag: [tag('one'), { ...tag('two'), display: 'Two' }] } });
    await west.create({ resourceType: 'Patient', gender: 'male', meta: { tag: [tag('three')], security: [{ system: 'urn:labels', code: 'L' }] } });
    await east.create({ resourceType: 'Organization', name: 'x', meta: { tag: [{ system: 'urn:other', code: 'one' }] } });
    const gone = await clinic.create({ resourceType: 'Patient', meta: { tag: [tag('gone')] } });
    await clinic.delete(`/Patient/${gone}`);
  });
  afterAll(() => app.stop());

  it('answers the meta of one resource as it stands', async () => {
    const { body } = await east.get<Resource>(`/Patient/${patient}`);
    expect(await metaOf(east, `/Patient/${patient}/$meta`)).toEqual(body.meta);
    expect((await west.get(`/Patient/${patient}/$meta`)).status).toBe(404);
  });

  it('answers what is in use in a type, and on the server', async () => {
    expect(await metaOf(clinic, '/Patient/$meta')).toEqual({
      profile: ['urn:profile:a'],
      security: [{ system: 'urn:labels', code: 'L' }],
      tag: [tag('one'), tag('three'), { ...tag('two'), display: 'Two' }],
    });
    expect((await metaOf(clinic, '/$meta'))?.tag).toEqual(expect.arrayContaining([{ system: 'urn:other', code: 'one' }, tag('one'), tag('three')]));
    expect(await metaOf(clinic, '/Substance/$meta')).toEqual({});
  });

  it('tells each caller only what it may see', async () => {
    expect(await metaOf(west, '/Patient/$meta')).toEqual({ security: [{ system: 'urn:labels', code: 'L' }], tag: [tag('three')] });
    const women = new FhirClient(app, await app.asSystem('system/Patient.rs?gender=female'));
    expect((await metaOf(women, '/Patient/$meta'))?.tag).toEqual([tag('one'), { ...tag('two'), display: 'Two' }]);
    expect((await metaOf(women, '/$meta'))?.tag).toHaveLength(2);
    expect((await women.get('/Organization/$meta')).status).toBe(403);
  });
});
