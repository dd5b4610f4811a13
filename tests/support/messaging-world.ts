import { fork, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { Patient, Task } from '@medplum/fhirtypes';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { atWallTime, dayPlus, localDay, type ContactProfile, type PatientFacts } from '@cairn/people';
import { startInbox, startSmsGateway, type Inbox, type SmsGateway } from '../../apps/sandbox/src/index.js';
import type { SmsOptions } from '../../apps/sandbox/src/sms/gateway.js';
import { startTestApp, testEnvironment, type TestApp, type TestAppOptions } from './app.js';
import { eventually } from './eventually.js';
import type { FhirClient } from './fhir-client.js';
import { patientWith, sender } from './patient-factory.js';
import { RestClient } from './rest-client.js';

const ZONE = 'America/New_York';
const SECRET = 'a secret of the tests only';
const TOKEN = 'a-token-of-the-tests';
/** How long a test waits for a reminder before it gives up. */
const PATIENCE_MS = 25_000;

/** An escalation as the REST interface answers it. */
export interface EscalationAnswer {
  readonly id: string;
  readonly patientId: string | null;
  readonly reason: string;
  readonly rule: string | null;
  readonly state: string;
  readonly reply: string | null;
  readonly version: number;
}

/** A reminder as the REST interface answers it. */
export interface ReminderAnswer {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly rule: string | null;
  readonly dueAt: string;
  readonly channels: readonly string[];
  readonly answer: string | null;
  readonly interpreterNeeded: boolean;
  readonly version: number;
  readonly availableActions: readonly string[];
  readonly steps: readonly { readonly event: string; readonly rule: string | null }[];
  readonly sendings: readonly { readonly channel: string; readonly word: string; readonly rule: string | null }[];
  readonly escalations: readonly EscalationAnswer[];
}

/** Cairn with a worker, between a real mail server and a real text-message gateway, at ten in the morning of its clinic. */
export class MessagingWorld {
  private constructor(
    readonly app: TestApp,
    readonly gateway: SmsGateway,
    readonly inbox: Inbox,
    readonly fhir: FhirClient,
    readonly coordinator: RestClient,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async start({ environment, ...options }: TestAppOptions = {}, sms: SmsOptions = {}): Promise<MessagingWorld> {
    const gateway = await startSmsGateway({ token: TOKEN, webhookSecret: SECRET, ...sms });
    const inbox = await startInbox();
    const variables = { SMS_GATEWAY_URL: gateway.url, SMS_GATEWAY_TOKEN: TOKEN, SMS_WEBHOOK_SECRET: SECRET, SMTP_URL: inbox.url, SMTP_FROM: 'Clinic <no-reply@clinic.example>', ...environment };
    const app = await startTestApp({ worker: true, ...options, environment: variables });
    gateway.inboundUrl = `${app.url}/webhooks/sms/replies`;
    const world = new MessagingWorld(app, gateway, inbox, await sender(app), new RestClient(app, await app.as('coordinator')), variables);
    await world.until(world.inDays(1));
    return world;
  }

  /** Starts a worker as a process of its own, as operators do, and returns it once it is ready. */
  async workerProcess(): Promise<ChildProcess> {
    const worker = fork('dist/programs/worker.js', {
      env: { ...process.env, ...testEnvironment(this.app.database), ...this.environment, PUBLIC_URL: this.app.url },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(worker, 'exit').then(([code]) => {
      throw new Error(`The worker ended with ${String(code)} before it was ready.`);
    });
    await Promise.race([once(worker, 'message'), ended]);
    ended.catch(() => undefined); // Tests kill it.
    return worker;
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.gateway.stop();
    await this.inbox.stop();
  }

  /** The demo's time. */
  now(): Date {
    return this.app.transactions.clock.now();
  }

  /** Ten in the morning, or another hour, so many of the clinic's days from now. */
  inDays(days: number, time = '10:00'): Date {
    return atWallTime(dayPlus(localDay(this.now(), ZONE), days), time, ZONE);
  }

  /** Moves the demo's clock to the instant. */
  async until(instant: Date): Promise<void> {
    await this.app.advance(Math.max(0, instant.getTime() - this.now().getTime()));
  }

  /** A patient as a hospital sends them; returns the id. */
  async patient(facts: Partial<Patient> & { language?: string } = {}): Promise<string> {
    return this.fhir.create(patientWith(facts));
  }

  /** Sets a review of a care plan as plans do: the Task and the news, in one transaction. Returns its id. */
  async review(patientId: string, at: Date, id = newId(), change: Partial<Task> = {}, event = 'plan.review-set'): Promise<string> {
    await this.app.transactions.run(this.app.scope(), async (tx) => {
      const task: Task & { id: string } = {
        resourceType: 'Task',
        id,
        status: 'requested',
        intent: 'plan',
        for: { reference: `Patient/${patientId}` },
        restriction: { period: { end: at.toISOString() } },
        ...change,
      };
      await this.app.get(FhirStore).put(tx, task);
      await tx.emit(event, { planId: newId(), reviewId: id, patientId });
    });
    return id;
  }

  /** Sets the patient's channels, in order, and the zone of their clock. */
  async prefer(patientId: string, channels: readonly string[], zone: string | null = null): Promise<void> {
    const path = `patients/${patientId}/contact-preferences`;
    const { etag } = await this.coordinator.get(path);
    const { status } = await this.coordinator.put(path, { channels, zone }, etag);
    if (status !== 200) throw new Error(`The preferences were not taken: ${status}`);
  }

  /** The opt-outs in force. */
  async optOuts(patientId: string): Promise<ContactProfile['standing']['optOuts']> {
    return (await this.coordinator.read<ContactProfile['standing']>(`patients/${patientId}/opt-outs`)).optOuts;
  }

  /** Open escalations, of one patient or of all. */
  async escalations(patientId?: string): Promise<EscalationAnswer[]> {
    return (await this.coordinator.read<{ items: EscalationAnswer[] }>(`escalations?limit=200${patientId ? `&patient=${patientId}` : ''}`)).items;
  }

  async list(patientId: string): Promise<ReminderAnswer[]> {
    return (await this.coordinator.read<{ items: ReminderAnswer[] }>(`reminders?patient=${patientId}`)).items;
  }

  /** The patient's reminder of this kind with its history, once it is in the state asked for. The newest, where there are several. */
  async reminder(patientId: string, kind: string, state: string | ((reminder: ReminderAnswer) => boolean)): Promise<ReminderAnswer> {
    const wanted = typeof state === 'string' ? (reminder: ReminderAnswer): boolean => reminder.state === state : state;
    let seen: string | undefined;
    let last: ReminderAnswer | undefined;
    const found = eventually(`${kind} of the patient to be ${typeof state === 'string' ? state : 'as wanted'}`, async () => {
      const [row] = await this.rows<{ id: string; seen: string }>(
        `select id, version || '/' || (select count(*) from reminder_sending s where s.reminder_id = r.id) as seen from reminder r where patient_id = $1 and kind = $2 order by id desc limit 1`,
        [patientId, kind],
      );
      if (!row || row.seen === seen) return undefined;
      const reminder = await this.coordinator.read<ReminderAnswer>(`reminders/${row.id}`);
      [seen, last] = [row.seen, reminder];
      return wanted(reminder) ? reminder : undefined;
    }, PATIENCE_MS);
    return found.catch((error: unknown) => {
      throw new Error(`${String(error)}. It is ${JSON.stringify(last, undefined, 1)}`);
    });
  }

  /** The number that the patient's texts go to. */
  async phoneOf(patientId: string): Promise<string> {
    const [phone] = (await this.coordinator.read<PatientFacts>(`patients/${patientId}`)).phones;
    if (phone === undefined) throw new Error('The patient has no telephone.');
    return phone;
  }

  /** Texts that the gateway took for the number. */
  textsTo(number: string): string[] {
    return this.gateway.phone(number).filter(({ direction }) => direction === 'to-phone').map(({ body }) => body);
  }

  /** Posts a webhook signed like the gateway's. */
  async webhook(path: string, body: unknown, { at = new Date(), secret = SECRET, signature }: { at?: Date; secret?: string; signature?: string } = {}): Promise<number> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const response = await fetch(`${this.app.url}/webhooks/sms/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-timestamp': timestamp, 'x-signature': signature ?? createHmac('sha256', secret).update(`${timestamp}.${text}`).digest('hex') },
      body: text,
    });
    await response.body?.cancel();
    return response.status;
  }

  /** Rows of a statement, seen as the clinic. */
  async rows<Row extends Record<string, unknown>>(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.app.transactions.run(this.app.scope(), (tx) => tx.query<Row>(statement, values));
  }
}
