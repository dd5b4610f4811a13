import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { Caller } from '../../apps/demo/src/http.js';
import type { StaffRole, World } from '../../apps/demo/src/journey/world.js';
import { signIn, startSandbox, type Sandbox } from '../../apps/sandbox/src/index.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { CairnProcess } from './process.js';

export interface JourneyWorld extends World {
  readonly sandbox: Sandbox;
  readonly database: TestDatabase;
  readonly worker: CairnProcess;
  /** Variables of Cairn's processes. */
  readonly environment: Record<string, string>;
  /** Rows, as the schema's owner sees them: over all clinics. */
  look<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface JourneyWorldOptions {
  /** Whether the SMS gateway honours idempotency keys, and Cairn is told so. */
  readonly honoursIdempotency?: boolean;
  /** A folder of FHIR R4 Bundles from which the hospital takes its patients. */
  readonly patients?: string;
  readonly environment?: Record<string, string>;
}

const TOKEN_MS = 4 * 60_000;

/** Everybody in the journey: a hospital, phones and mailboxes in this process; Cairn's API and worker as processes that can be killed. */
export async function startJourneyWorld({ honoursIdempotency = false, patients, environment = {} }: JourneyWorldOptions = {}): Promise<JourneyWorld> {
  const database = await createTestDatabase();
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const secrets = { SMS_GATEWAY_TOKEN: randomUUID(), SMS_WEBHOOK_SECRET: randomUUID() };
  const folder = await mkdtemp(join(tmpdir(), 'cairn-journey-'));
  const sandbox = await startSandbox({
    dataDir: folder,
    cairn: { url: api },
    hospital: { patients },
    sms: { token: secrets.SMS_GATEWAY_TOKEN, webhookSecret: secrets.SMS_WEBHOOK_SECRET, honoursIdempotency },
  });
  const { addresses } = sandbox;
  const variables = {
    CAIRN_MODE: 'demo',
    PORT: String(port),
    DATABASE_URL: database.appUrl,
    CAIRN_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    OIDC_ISSUER: addresses.oidc,
    SMTP_URL: addresses.smtp,
    SMS_GATEWAY_URL: addresses.sms,
    SMS_HONOURS_IDEMPOTENCY: String(honoursIdempotency),
    SANDBOX_EHR_URL: addresses.ehr,
    SWEEP_INTERVAL_MS: '250',
    LOG_LEVEL: 'silent',
    ...secrets,
    ...environment,
  };
  await promisify(execFile)(process.execPath, ['dist/programs/cli.js', 'seed'], { env: { ...process.env, ...variables, DATABASE_OWNER_URL: database.ownerUrl } });
  const server = new CairnProcess('api', variables);
  const worker = new CairnProcess('worker', variables);
  await Promise.all([server.start(), worker.start()]);
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const signedIn = new Map<StaffRole, { until: number; caller: Caller }>();
  return {
    addresses: { api, ...addresses },
    sandbox,
    database,
    worker,
    environment: variables,
    staff: async (role) => {
      const known = signedIn.get(role);
      if (known && performance.now() < known.until) return known.caller;
      const caller = new Caller(api, `Bearer ${await signIn({ issuer: addresses.oidc, role })}`);
      signedIn.set(role, { until: performance.now() + TOKEN_MS, caller });
      return caller;
    },
    killWorker: async () => {
      await worker.kill();
      await worker.start();
    },
    look: async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) => (await owner.query<Row>(sql, values)).rows,
    stop: async () => {
      await owner.end();
      await Promise.all([server.stop(), worker.stop()]);
      await sandbox.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a query for what is unfinished finds nothing. */
export async function noneLeft(world: JourneyWorld, sql: string): Promise<void> {
  let left: unknown[] = [];
  await eventually('nothing is left unfinished', async () => {
    left = await world.look(sql);
    return left.length === 0;
  }, 40_000).catch((cause: unknown) => {
    throw new Error(`Left unfinished: ${JSON.stringify(left)}`, { cause });
  });
}
