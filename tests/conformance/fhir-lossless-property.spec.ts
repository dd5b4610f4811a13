import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.js';
import { exactJson, withoutVersion } from '../support/exact-json.js';
import { FhirClient } from '../support/fhir-client.js';
import { legalResource } from '../support/legal-resources.js';

/** What a batch answers, as far as it matters here. */
interface Answered {
  readonly entry: readonly { readonly resource?: unknown; readonly response: { readonly status: string; readonly location?: string; readonly outcome?: unknown } }[];
}

describe('any legal resource', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const batch = async (entries: readonly string[]): Promise<Answered['entry']> => {
    const reply = await client.post('', `{"resourceType":"Bundle","type":"batch","entry":[${entries.join(',')}]}`);
    expect(reply.status).toBe(200);
    return (exactJson(reply.text) as Answered).entry;
  };

  it('comes back as it was sent, digit by digit and in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(legalResource, { minLength: 1, maxLength: 20 }), async (sent) => {
        const types = sent.map((json) => (JSON.parse(json) as { resourceType: string }).resourceType);
        const made = await batch(sent.map((json, index) => `{"resource":${json},"request":{"method":"POST","url":"${types[index]}"}}`));
        expect(made.filter(({ response }) => response.status !== '201')).toEqual([]);
        const urls = made.map(({ response }) => (response.location ?? '').replace(/^.*\/fhir\//, '').replace(/\/_history.*/, ''));
        const read = await batch(urls.map((url) => `{"request":{"method":"GET","url":"${url}"}}`));
        for (const [index, json] of sent.entries()) {
          const { id: _id, ...back } = withoutVersion(read[index]?.resource);
          const wanted = withoutVersion(exactJson(json));
          if (!isDeepStrictEqual(back, wanted)) expect(back).toEqual(wanted);
        }
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
