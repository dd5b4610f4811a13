import { FhirStore } from '@cairn/fhir';
import { EhrConnections, registerClient, type ConnectionWish } from '@cairn/ehr';
import { cairnScope, type Tx } from '@cairn/platform';
import type { Patient, Resource, Task } from '@medplum/fhirtypes';
import pg from 'pg';
import { startSandboxEhr, type SandboxEhr } from '../../apps/sandbox/src/index.js';
import { startTestApp, type TestApp } from './app.js';
import { eventually } from './eventually.js';

/** A delivery as it stands in its row. */
interface DeliveryRow {
  id: string;
  resource_type: string;
  resource_id: string;
  resource_version: number;
  state: string;
  problem: string | null;
  form: string | null;
  remote: string | null;
  attempts: number;
  reconciliation_task: string | null;
}

/** Cairn with a worker, linked both ways with a sandbox hospital that has referred one patient. */
export interface EhrLink {
  readonly app: TestApp;
  readonly hospital: SandboxEhr;
  readonly connectionId: string;
  readonly store: FhirStore;
  /** The patient that was referred: here, and at the hospital. */
  readonly patientId: string;
  readonly patientThere: string;
  /** The Task of the referral, here. */
  readonly taskId: string;
  /** Does something as Cairn itself, as a feature would. */
  asCairn<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Writes a resource as a feature would, and returns its id. */
  write(resource: Resource): Promise<string>;
  deliveries(where?: string): Promise<DeliveryRow[]>;
  /** Waits until the version of this resource that is in force, and all before it, have reached an end, and returns their deliveries by version. */
  settled(type: string, id: string): Promise<DeliveryRow[]>;
  /** Statements of an operator: what a test must see or turn that no interface offers, such as the time of the next try. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface LinkOptions {
  readonly profile?: 'full' | 'millennium';
  readonly wish?: Partial<ConnectionWish>;
  readonly worker?: boolean;
}

/** Connects a hospital that runs already: Cairn's connection to it, and its client at Cairn. Returns the connection's id. */
export async function connectHospital(app: TestApp, hospital: SandboxEhr, name: string, wish: Partial<ConnectionWish> = {}): Promise<string> {
  const scope = cairnScope(app.clinicId, 'test', 'test-correlation');
  const connectionId = await app.get(EhrConnections).put(scope, { name, baseUrl: hospital.fhirUrl, clientId: 'cairn', dialect: 'bser-stu2', ...wish });
  const clientId = name.toLowerCase().replaceAll(' ', '-');
  await registerClient(app.database.ownerUrl, { clinic: 'demo', clientId, name, sees: { connection: name }, keys: { jwksUrl: `${hospital.url}/jwks.json` }, scopes: 'system/*.cruds', allowHttp: true });
  hospital.connect({ url: app.url, clientId, cairnClientId: 'cairn' });
  return connectionId;
}

const HOLDING = ['pending', 'sending', 'failed'];

/** Starts both and refers the hospital's first patient. */
export async function startEhrLink({ profile = 'full', wish, worker = true }: LinkOptions = {}): Promise<EhrLink> {
  const app = await startTestApp({ worker });
  const hospital = await startSandboxEhr({ profile });
  const connectionId = await connectHospital(app, hospital, 'Sandbox hospital', wish);
  const { order, answer } = await hospital.refer();
  if (answer.status !== 200) throw new Error(`The referral was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const store = app.get(FhirStore);
  const owner = new pg.Client({ connectionString: app.database.ownerUrl });
  await owner.connect();
  const sql = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> => (await owner.query<Row>(text, values)).rows;
  const asCairn = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.transactions.run(cairnScope(app.clinicId, 'test', 'test-correlation'), work);
  const deliveries = (where = 'true'): Promise<DeliveryRow[]> => sql<DeliveryRow>(`select * from ehr_delivery where ${where} order by position, id`);
  const [task] = await asCairn((tx) => store.search(tx, 'Task', { identifier: `https://hospital.example/orders|${order.identifier?.[0]?.value}-task` }));
  return {
    app,
    hospital,
    connectionId,
    store,
    patientId: referenced(task?.for),
    patientThere: referenced(order.subject),
    taskId: task?.id ?? '',
    asCairn,
    write: (resource) => asCairn(async (tx) => (resource.id ? await store.put(tx, { ...resource, id: resource.id }) : await store.create(tx, resource)).id),
    deliveries,
    settled: (type, id) =>
      eventually(`the deliveries of ${type}/${id}`, async () => {
        const rows = await deliveries(`resource_type = '${type}' and resource_id = '${id}'`);
        const [current] = await sql<{ version: number }>('select version from fhir_resource where resource_type = $1 and id = $2', [type, id]);
        return rows.at(-1)?.resource_version === current?.version && rows.every(({ state }) => !HOLDING.includes(state)) ? rows : undefined;
      }),
    sql,
    stop: async () => {
      hospital.faults.clear();
      await owner.end();
      await app.stop();
      await hospital.stop();
    },
  };
}

const referenced = (reference: Task['for'] | { reference?: string } | undefined): string => reference?.reference?.split('/')[1] ?? '';

/** What the hospital keeps of a type. */
export const atHospital = <T extends Resource>({ hospital }: Pick<EhrLink, 'hospital'>, type: T['resourceType']): Promise<(T & { id: string })[]> => hospital.repository.all<T>(type);

/** The patient as the hospital names them. */
export const nameAtHospital = async (link: Pick<EhrLink, 'hospital' | 'patientThere'>): Promise<string> =>
  (await atHospital<Patient>(link, 'Patient')).find(({ id }) => id === link.patientThere)?.name?.[0]?.family ?? '';
