import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { describeWithTestData } from '../support/test-data.js';

const require = createRequire(import.meta.url);
const EXAMPLES = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));

/** Examples of HL7 that break the rules of their own definitions, and which rule. */
const FAULTY: Readonly<Record<string, string>> = {
  'ImplementationGuide-fhir.json': 'ImplementationGuide.name is missing',
  'ig-r4.json': 'ImplementationGuide.name is missing',
  'Questionnaire-qs1.json': 'Questionnaire.item.linkId is missing',
  'ActivityDefinition-blood-tubes-supply.json': 'its narrative is empty (txt-2)',
  'ActivityDefinition-heart-valve-replacement.json': 'its narrative is empty (txt-2)',
  'EventDefinition-example.json': 'its narrative is empty (txt-2)',
  'Questionnaire-zika-virus-exposure-assessment.json': 'its narrative is empty (txt-2)',
};

/** Terminology and definitions, which are many and large, and Subscriptions, whose status is the server's. */
const LEFT_OUT = /^(StructureDefinition|SearchParameter|CodeSystem|ValueSet|Subscription|Parameters|OperationOutcome)-/;

/** A JSON value with every number as the text it was written as, so that 1.0 and 1.00 differ. */
const exact = (json: string): unknown =>
  JSON.parse(json, (_key, value: unknown, context?: { source?: string }) => (typeof value === 'number' ? `number ${context?.source}` : value));

const withoutVersion = (value: unknown): unknown => {
  const { meta, ...rest } = value as { meta?: Record<string, unknown> };
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { ...rest, ...(Object.keys(kept).length > 0 ? { meta: kept } : {}) };
};

describe('what goes in comes out', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json') && name !== 'package.json' && !LEFT_OUT.test(name) && !name.startsWith('.'));

  it(
    "with HL7's own examples",
    async () => {
      const refused: string[] = [];
      let stored = 0;
      for (const name of files) {
        const path = join(EXAMPLES, name);
        if (statSync(path).size > 5_000_000) continue;
        const text = readFileSync(path, 'utf8');
        const { resourceType, id } = JSON.parse(text) as { resourceType?: string; id?: string };
        if (!resourceType || !id || LEFT_OUT.test(`${resourceType}-`)) continue;
        const put = await client.put(`/${resourceType}/${id}`, text, { prefer: 'return=minimal' });
        expect([name, put.status]).not.toEqual([name, 500]);
        if (put.status >= 400) {
          refused.push(name);
          continue;
        }
        stored++;
        const read = await client.get(`/${resourceType}/${id}`);
        expect(withoutVersion(exact(read.text))).toEqual(withoutVersion(exact(text)));
      }
      expect(refused.sort()).toEqual(Object.keys(FAULTY).sort());
      expect(stored).toBeGreaterThan(800);
    },
    300_000,
  );

  describeWithTestData('synthea-r4', 'with full records', (folder) => {
    it(
      'of patients',
      async () => {
        const [name = ''] = readdirSync(folder).filter((each) => each.endsWith('.json'));
        const text = readFileSync(join(folder, name), 'utf8');
        const sent = JSON.parse(text) as Bundle;
        const reply = await client.post<Bundle>('', text);
        expect(reply.status).toBe(200);
        const stored = reply.body.entry?.map(({ response }) => (response?.location ?? '').replace(/^.*\/fhir/, '')) ?? [];
        expect(stored).toHaveLength(sent.entry?.length ?? 0);
        const first = exact(text) as { entry: { resource: Record<string, unknown> }[] };
        for (const [index, location] of stored.entries()) {
          const { id: _id, ...read } = withoutVersion(exact((await client.get(location)).text)) as Record<string, unknown>;
          const { id: _sent, ...asSent } = withoutVersion(first.entry[index]?.resource) as Record<string, unknown>;
          const unlinked = (value: unknown): string => JSON.stringify(value).replace(/"reference":"[^"]*"/g, '"reference":"…"');
          expect(unlinked(read)).toBe(unlinked(asSent));
        }
      },
      300_000,
    );
  });
});
