import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { freePort } from '../support/ports.js';
import { CairnProcess } from '../support/process.js';

const CALLERS = 12;
const KILLS = 3;
/** Answers that must have left before the kill. */
const ANSWERS = 150;

describe('an API that is killed under load', () => {
  let app: TestApp;
  let owner: pg.Client;
  let patients: string[];
  let authorization: string;

  beforeAll(async () => {
    app = await startTestApp();
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    authorization = await app.asSystem('system/*.cruds');
    const client = new FhirClient(app, authorization);
    patients = await Promise.all(Array.from({ length: 10 }, (_, number) => client.create({ resourceType: 'Patient', name: [{ family: `Family ${number}` }] })));
  }, 60_000);
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  /** Sends requests until the server is gone. Gives each answer that arrived whole, by its correlation id, to `answered`. */
  const call = async (url: string, caller: number, answered: (id: string, created: string | undefined) => void): Promise<void> => {
    for (let turn = caller; ; turn++) {
      const patient = patients[turn % patients.length] ?? '';
      const id = `kill-${crypto.randomUUID()}`;
      const headers = { authorization, 'x-correlation-id': id, 'content-type': 'application/fhir+json' };
      const observation = { resourceType: 'Observation', status: 'final', code: { text: 'Pain' }, subject: { reference: `Patient/${patient}` } };
      const requests = [
        () => fetch(`${url}/fhir/Patient/${patient}`, { headers }),
        () => fetch(`${url}/fhir/Patient?_id=${patient}`, { headers }),
        () => fetch(`${url}/fhir/Patient/${patient}/_history`, { headers }),
        () => fetch(`${url}/fhir/Observation`, { method: 'POST', headers, body: JSON.stringify(observation) }),
      ];
      try {
        const response = await requests[turn % requests.length]?.();
        const body = (await response?.json()) as { resourceType?: string; id?: string };
        if (!response?.ok) throw new Error(`answered ${response?.status}`);
        answered(id, body.resourceType === 'Observation' ? body.id : undefined);
      } catch {
        return;
      }
    }
  };

  it('has written down every access that it answered, and kept every resource that it confirmed', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const port = await freePort();
      const api = new CairnProcess('api', { ...testEnvironment(app.database), PORT: String(port), PUBLIC_URL: app.url });
      await api.start();
      const answered: string[] = [];
      const created: string[] = [];
      const callers = Array.from({ length: CALLERS }, (_, caller) =>
        call(`http://127.0.0.1:${port}`, caller, (id, resource) => {
          answered.push(id);
          if (resource) created.push(resource);
        }),
      );
      await eventually('enough answers', () => answered.length >= ANSWERS, 30_000);
      await api.kill();
      await Promise.all(callers);

      const { rows: audited } = await owner.query<{ id: string }>('select correlation_id as id from audit where correlation_id = any($1)', [answered]);
      const written = new Set(audited.map(({ id }) => id));
      expect(answered.filter((id) => !written.has(id))).toEqual([]);
      const { rows: kept } = await owner.query<{ id: string }>(`select id from fhir_resource where resource_type = 'Observation' and id = any($1)`, [created]);
      expect(kept.length).toBe(created.length);
      expect(created.length).toBeGreaterThan(0);
    }
  }, 120_000);
});
