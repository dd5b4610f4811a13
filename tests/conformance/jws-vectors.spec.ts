import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ASSERTION_ALGORITHMS } from '@cairn/platform';
import { compactVerify, createLocalJWKSet, type JWK } from 'jose';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { describeWithTestData } from '../support/test-data.js';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string | object;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

interface Group {
  readonly comment: string;
  readonly public?: JWK;
  readonly tests: readonly Vector[];
}

/** Assertions and bearer tokens are JWS: signatures that were made to be taken for good ones must not be. */
describeWithTestData('bad/jwt-wycheproof', 'signatures that break verifiers', (folder) => {
  const { testGroups } = JSON.parse(readFileSync(join(folder, 'json_web_signature_test.json'), 'utf8')) as { testGroups: Group[] };
  const vectors = testGroups.flatMap(({ public: key, tests }) => tests.map((test) => ({ ...test, key })));
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  /** Whether a signature is taken for good, by a key set as a client registers it and the algorithms of the token endpoint, or these. */
  const verifies = async (jws: string, key: JWK, algorithms = ASSERTION_ALGORITHMS): Promise<boolean> =>
    compactVerify(jws, createLocalJWKSet({ keys: [key] }), { algorithms }).then(
      () => true,
      () => false,
    );

  it('verify only where they are valid, and of an algorithm that is taken', async () => {
    let good = 0;
    for (const { tcId, comment, jws, result, key } of vectors) {
      if (!key || typeof jws !== 'string') continue;
      const taken = ASSERTION_ALGORITHMS.includes(String(key.alg));
      const accepted = await verifies(jws, key);
      if (!taken || result === 'invalid') expect([tcId, comment, accepted]).toEqual([tcId, comment, false]);
      else if (result === 'valid') expect([tcId, comment, accepted]).toEqual([tcId, comment, true]);
      if (accepted) good++;
      // Not even where that algorithm were taken.
      if (result === 'invalid' && key.alg) expect([tcId, comment, await verifies(jws, key, [key.alg])]).toEqual([tcId, comment, false]);
    }
    expect(good).toBeGreaterThan(0);
  });

  it('open no door, as an assertion or as a bearer token', async () => {
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    const keys = testGroups.flatMap(({ public: key }) => key ?? []);
    await owner.query('insert into client (client_id, clinic_id, name, connection_id, jwks, scopes) values ($1, $2, $3, null, $4, $5)', ['foo', app.clinicId, 'Wycheproof', { keys }, ['system/*.cruds']]);
    await owner.end();
    for (const { tcId, jws } of vectors) {
      const assertion = typeof jws === 'string' ? jws : JSON.stringify(jws);
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion });
      const { status } = await fetch(`${app.url}/oauth/token`, { method: 'POST', body });
      // An empty one is missing.
      expect([tcId, status]).toEqual([tcId, assertion === '' ? 400 : 401]);
      const authorization = `Bearer ${assertion.replace(/[^\x21-\x7e]/g, '')}`;
      expect([tcId, (await fetch(`${app.url}/fhir/Patient`, { headers: { authorization } })).status]).toEqual([tcId, 401]);
    }
  });
});
