import type { INestApplicationContext, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Clinics, DemoClock, CLOCK, TokenService, Transactions, createLogger, readConfig, type Config, type Role, type Scope, type ValidationLevel } from '@cairn/platform';
import supertest from 'supertest';
import { createApi } from '../../apps/api/src/create-api.js';
import { makeDemoClinic, plantDemoTeam } from '../../apps/cli/src/seed/seed-demo.js';
import { createWorker } from '../../apps/worker/src/create-worker.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { freePort } from './ports.js';

export interface TestAppOptions {
  /** Also run a worker in this process. */
  readonly worker?: boolean;
  /** Variables on top of the test's own. */
  readonly environment?: Record<string, string>;
}

/** Cairn in this process, on a database of its own with the demo clinic. */
export interface TestApp {
  readonly url: string;
  readonly config: Config;
  readonly database: TestDatabase;
  readonly api: NestFastifyApplication;
  readonly worker: INestApplicationContext | undefined;
  readonly clinicId: string;
  readonly transactions: Transactions;
  /** Requests against the running server. */
  readonly request: ReturnType<typeof supertest>;
  /** A provider of the API's container. */
  get<T>(token: Type<T>): T;
  /** `Authorization` header value of a demo user with this role. */
  as(role: Role): Promise<string>;
  /** `Authorization` header value of a system with these scopes; limited to a connection's patients when one is named. */
  asSystem(scopes: string, options?: { connectionId?: string; clientId?: string; clinicId?: string; validation?: ValidationLevel }): Promise<string>;
  /** A scope for work done directly on services. */
  scope(role?: Role): Scope;
  /** Moves the demo's clock. */
  advance(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** What every process of a test is configured with. */
export const testEnvironment = (database: TestDatabase): Record<string, string> => ({
  CAIRN_MODE: 'demo',
  DATABASE_URL: database.appUrl,
  DATABASE_OWNER_URL: database.ownerUrl,
  DATABASE_POOL_SIZE: '8',
  CAIRN_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
  SMS_WEBHOOK_SECRET: 'a secret of the tests only',
  SWEEP_INTERVAL_MS: '200',
  LOG_LEVEL: process.env['CAIRN_TEST_LOG'] ?? 'silent',
  PORT: '0',
});

/** Starts Cairn in this process. Call `stop` when done. */
export async function startTestApp({ worker: withWorker = false, environment = {} }: TestAppOptions = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  const variables = { ...testEnvironment(database), PORT: String(await freePort()), ...environment };
  await makeDemoClinic(database.ownerUrl);
  const config = readConfig(variables);
  const logger = createLogger(config.LOG_LEVEL, 'test');
  const api = await createApi(config, logger);
  await api.listen(config.PORT, config.HOST);
  await plantDemoTeam(api);
  const worker = withWorker ? await createWorker(config, logger) : undefined;
  const clinic = await api.get(Clinics).find('demo');
  if (!clinic) throw new Error('The demo clinic was not seeded.');
  const tokens = api.get(TokenService);
  const bearer = (token: { access_token: string }): string => `Bearer ${token.access_token}`;
  return {
    url: config.PUBLIC_URL,
    config,
    database,
    api,
    worker,
    clinicId: clinic.id,
    transactions: api.get(Transactions),
    request: supertest(config.PUBLIC_URL),
    get: (token) => api.get(token),
    as: async (role) => bearer(await tokens.issueDemo(clinic.id, { kind: 'person', id: `demo-${role}`, name: `Demo ${role}`, roles: [role] })),
    asSystem: async (scopes, { connectionId, clientId = 'test-client', clinicId = clinic.id, validation = 'strict' } = {}) =>
      bearer(await tokens.issueDemo(clinicId, { kind: 'system', id: clientId, name: 'Test client', connectionId: connectionId ?? null, scopes: scopes.split(' '), validation })),
    scope: (role = 'coordinator') => ({
      clinicId: clinic.id,
      actor: { kind: 'person', id: `demo-${role}`, name: `Demo ${role}`, roles: [role] },
      correlationId: 'test-correlation',
    }),
    advance: async (milliseconds) => {
      for (const app of [api, worker]) {
        const clock: unknown = app?.get(CLOCK);
        if (!(clock instanceof DemoClock)) continue;
        if (app === api) await clock.advance(milliseconds);
        else await clock.refresh();
      }
    },
    stop: async () => {
      await worker?.close();
      await api.close();
      await database.drop();
    },
  };
}
