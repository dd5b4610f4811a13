import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { describeWithTestData } from '../support/test-data.js';

describeWithTestData('bad/json-parsing', 'JSON that breaks parsers', (folder) => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  it('is refused with an OperationOutcome, and so is JSON that is no resource', async () => {
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
      const reply = await client.post<OperationOutcome>('/Basic', readFileSync(join(folder, name)));
      expect([name, reply.status, reply.body.resourceType]).toEqual([name, 400, 'OperationOutcome']);
      const isJsonError = ['invalid-json', 'invalid-unicode', 'too-deep', 'null-character', 'number-too-large', 'duplicate-key'].includes(reply.body.issue[0]?.details?.coding?.[0]?.code ?? '');
      if (name.startsWith('n_')) expect([name, isJsonError]).toEqual([name, true]);
    }
  });
});

describeWithTestData('bad/naughty-strings', 'naughty strings', (folder) => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  it(
    'are kept as they are, and searched for without harm',
    async () => {
      const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
      const strings = JSON.parse(readFileSync(join(folder, file), 'utf8')) as string[];
      for (const text of strings) {
        const created = await client.post<{ id: string; identifier: { value: string }[] }>('/Patient', { resourceType: 'Patient', identifier: [{ system: 'urn:naughty', value: text }] });
        expect([201, 400]).toContain(created.status);
        if (created.status === 201) expect(created.body.identifier[0]?.value).toBe(text);
        for (const query of [`name=${encodeURIComponent(text)}`, `identifier=${encodeURIComponent(text)}`, `${encodeURIComponent(text)}=x`]) {
          const { status } = await client.get(`/Patient?${query}`);
          expect([text, [200, 400].includes(status)]).toEqual([text, true]);
        }
      }
    },
    300_000,
  );
});
