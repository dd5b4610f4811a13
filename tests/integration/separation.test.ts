import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { SignJWT, importJWK, type JWK } from 'jose';
import pg from 'pg';
import { Keyring, ROLES } from '@cairn/platform';
import { walk } from '../../apps/demo/src/journey/journey.js';
import { silentStory } from '../../apps/demo/src/story.js';
import { startJourneyWorld, type JourneyWorld } from '../support/journey-world.js';

interface Operation {
  readonly method: string;
  readonly path: string;
}

/** Pages that belong to nobody. */
const PUBLIC = /^\/(health|metrics|docs|oauth|\.well-known|webhooks|answer|stop)|^\/api\/v1\/(answers|demo|instruments)/;

/**
 * After a whole journey in one clinic, somebody of another clinic, and another hospital of the same clinic, knock at every door.
 * Neither may see anything, or learn that there is anything.
 */
describe('separation', () => {
  let world: JourneyWorld;
  let owner: pg.Client | undefined;
  let clinic = '';
  let secrets: string[] = [];
  const otherClinic = randomUUID();
  const otherConnection = randomUUID();

  beforeAll(async () => {
    world = await startJourneyWorld();
    const course = await walk(world, silentStory());
    owner = new pg.Client({ connectionString: world.database.ownerUrl });
    await owner.connect();
    await owner.query(`insert into clinic (id, slug, name, zone) values ($1, 'other', 'Other clinic', 'Europe/Paris')`, [otherClinic]);
    clinic = (await world.look<{ id: string }>(`select id from clinic where slug = 'demo'`))[0]?.id ?? '';
    secrets = [course.patientId, course.referralId, course.planId, course.reviewId, course.patientName];
  }, 180_000);
  afterAll(async () => {
    await owner?.end();
    await world?.stop();
  }, 60_000);

  /** A token signed with the installation's own key, as the issuer itself would. */
  const token = async (claims: Record<string, unknown>): Promise<string> => {
    const [key] = await world.look<{ id: string; algorithm: string; sealed_private: string }>(`select id, algorithm, sealed_private from signing_key where purpose = 'token'`);
    const ring = new Keyring([{ id: 'test', key: Buffer.alloc(32, 7) }]);
    const jwk = JSON.parse(ring.open(key?.sealed_private ?? '', `signing-key/${key?.id}`)) as JWK;
    return new SignJWT(claims)
      .setProtectedHeader({ alg: key?.algorithm ?? '', kid: key?.id ?? '' })
      .setIssuer(world.addresses.api)
      .setAudience(world.addresses.api)
      .setExpirationTime('10 minutes')
      .setIssuedAt()
      .sign(await importJWK(jwk, key?.algorithm));
  };

  const stranger = () => token({ sub: 'stranger', name: 'Stranger', clinic: 'other', roles: ROLES });
  const otherHospital = () => token({ kind: 'system', sub: 'other-hospital', name: 'Other hospital', clinic, connection: otherConnection, scope: 'system/*.cruds' });
  const strangersSystem = () => token({ kind: 'system', sub: 'stranger', name: 'Stranger', clinic: otherClinic, connection: null, scope: 'system/*.cruds' });

  const call = (path: string, bearer: string, method = 'GET', body?: object) =>
    fetch(`${world.addresses.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'if-match': 'W/"1"', ...(body ? { 'content-type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });

  const operations = async (): Promise<Operation[]> => {
    const { paths } = (await (await fetch(`${world.addresses.api}/docs/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
    return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })));
  };

  /** Ids of the demo clinic's rows, so that a door is tried with ids that exist behind it. */
  const knownIds = async (): Promise<string[]> => {
    const tables = await world.look<{ table_name: string }>(`select table_name from information_schema.columns where table_schema = 'public' and column_name = 'id' and table_name not in ('clinic', 'signing_key', 'audit', 'outbox')
      and exists (select 1 from information_schema.columns c where c.table_schema = 'public' and c.table_name = columns.table_name and c.column_name = 'clinic_id')`);
    const ids: string[] = [];
    for (const { table_name: table } of tables) ids.push(...(await world.look<{ id: string }>(`select id::text from ${table} where clinic_id = $1 limit 3`, [clinic])).map(({ id }) => id));
    return [...new Set(ids)];
  };

  it('lets somebody of another clinic read nothing over the REST interface, by any id that exists', async () => {
    const bearer = await stranger();
    const ids = await knownIds();
    const reads = (await operations()).filter(({ method, path }) => method === 'GET' && !PUBLIC.test(path) && !path.startsWith('/fhir'));
    expect(reads.length).toBeGreaterThan(20);
    const open: string[] = [];
    for (const { path } of reads) {
      const tries = path.includes('{') ? ids.map((id) => path.replaceAll(/\{[^}]+\}/g, id)) : [path];
      for (const url of tries) {
        const answer = await call(url, bearer);
        const text = await whatItSays(answer);
        const tells = secrets.some((secret) => text.includes(secret)) && !secrets.some((secret) => url.includes(secret) && answer.status === 404);
        if (answer.status >= 500 || tells || (path.includes('{') && answer.status === 200 && !isEmpty(text))) open.push(`${url} → ${answer.status} ${text.slice(0, 200)}`);
      }
    }
    expect(open).toEqual([]);
  }, 240_000);

  it('lets somebody of another clinic change nothing', async () => {
    const bearer = await stranger();
    const ids = (await knownIds()).slice(0, 60);
    const count = async () => (await world.look<{ n: number }>(`select count(*)::int n from fhir_history where clinic_id = $1`, [clinic]))[0]?.n;
    const before = await count();
    const writes = (await operations()).filter(({ method, path }) => method !== 'GET' && path.includes('{') && !PUBLIC.test(path) && !path.startsWith('/fhir'));
    for (const { method, path } of writes) {
      for (const id of ids.slice(0, 12)) {
        const answer = await call(path.replaceAll(/\{[^}]+\}/g, id), bearer, method, {});
        expect([400, 403, 404, 405, 409, 412, 415, 428]).toContain(answer.status);
      }
    }
    expect(await count()).toBe(before);
  }, 240_000);

  it.each([
    ['a system of another clinic', () => strangersSystem()],
    ['another hospital of the same clinic', () => otherHospital()],
  ])('shows %s none of the resources over /fhir', async (_, who) => {
    const bearer = await who();
    const stored = await world.look<{ resource_type: string; id: string }>(
      `select distinct on (resource_type) resource_type, id from fhir_resource where clinic_id = $1 and patient_ids <> '{}' and method <> 'DELETE'`,
      [clinic],
    );
    expect(stored.length).toBeGreaterThan(8);
    for (const { resource_type: type, id } of stored) {
      for (const url of [`/fhir/${type}/${id}`, `/fhir/${type}/${id}/_history`, `/fhir/${type}/${id}/_history/1`]) {
        const answer = await call(url, bearer);
        expect([403, 404]).toContain(answer.status);
      }
      const answer = await call(`/fhir/${type}?_total=accurate`, bearer);
      if (answer.status !== 200) continue;
      const bundle = (await answer.json()) as Bundle;
      expect({ type, total: bundle.total ?? 0, entries: bundle.entry?.filter(({ search }) => search?.mode === 'match').length ?? 0 }).toEqual({ type, total: 0, entries: 0 });
    }
  }, 120_000);

  it('shows another clinic none of the rows, in any table', async () => {
    const tables = await world.look<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relrowsecurity`,
    );
    const app = new pg.Client({ connectionString: world.database.appUrl });
    await app.connect();
    try {
      const seen: string[] = [];
      let filled = 0;
      for (const { name } of tables) {
        const [all] = await world.look<{ n: number }>(`select count(*)::int n from ${name}`);
        if ((all?.n ?? 0) > 0) filled += 1;
        await app.query('begin');
        await app.query(`select set_config('cairn.clinic_id', $1, true)`, [otherClinic]);
        const { rows } = await app.query<{ n: number }>(`select count(*)::int n from ${name} where clinic_id <> $1`, [otherClinic]);
        await app.query('rollback');
        if (rows[0]?.n !== 0) seen.push(name);
      }
      expect(filled).toBeGreaterThan(20);
      expect(seen).toEqual([]);
    } finally {
      await app.end();
    }
  });
});

/** The body, or nothing of a stream: that one never ends, and tells only of what happens after it began. */
async function whatItSays(answer: Response): Promise<string> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer.text();
  await answer.body?.cancel();
  return '';
}

const isEmpty = (text: string): boolean => {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    return Object.values(body).every((value) => value === null || (Array.isArray(value) && value.length === 0) || typeof value === 'string' || (typeof value === 'object' && isEmpty(JSON.stringify(value))));
  } catch {
    return text === '';
  }
};
