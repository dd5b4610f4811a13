import { ReferralSources, type Dialect } from '@cairn/referrals';
import type { Bundle, Communication, Resource, ServiceRequest, Task } from '@medplum/fhirtypes';
import type { TestApp } from './app.js';
import { FhirClient } from './fhir-client.js';

/** A hospital that refers patients, with the dialect that its connection speaks. */
export interface Hospital {
  readonly connectionId: string;
  readonly fhir: FhirClient;
  /** A caller at the same clinic that sees every patient: what Cairn shows to all. */
  readonly all: FhirClient;
}

/** Sets up a hospital's connection. */
export async function hospital(app: TestApp, dialect: Dialect): Promise<Hospital> {
  const connectionId = crypto.randomUUID();
  await app.transactions.run(app.scope(), (tx) => app.get(ReferralSources).put(tx, { connectionId, dialect, taskHost: 'cairn' }));
  return {
    connectionId,
    fhir: new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId, clientId: `hospital-${connectionId}` })),
    all: new FhirClient(app, await app.asSystem('system/*.cruds')),
  };
}

export const PAIN_CODE = { system: 'http://snomed.info/sct', code: '408957008', display: 'Chronic pain control management (procedure)' };

const placer = (value: string) => [{ type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'PLAC' }] }, system: 'urn:example:hospital', value }];

/** The parts of a referral in which a test differs from the usual. */
export interface ReferralParts {
  /** The placer's number. */
  readonly number?: string;
  readonly task?: Partial<Task> | null;
  readonly request?: Partial<ServiceRequest>;
  /** What it rests on; the subject is put in. */
  readonly rests?: readonly Resource[];
  readonly birthDate?: string;
  /** Everybody is somebody else, unless a test says who. */
  readonly givenName?: string;
}

/** What a hospital sends: a patient, the request, its Task (unless it sends none), and what it rests on. */
export function referralBundle({
  number = crypto.randomUUID(),
  task = {},
  request = {},
  rests = [],
  birthDate = '1980-05-01',
  givenName = `Pat ${crypto.randomUUID()}`,
}: ReferralParts = {}): Bundle {
  const urn = (name: string): string => `urn:uuid:${name}`;
  const [patientUrn, requestUrn] = [urn(crypto.randomUUID()), urn(crypto.randomUUID())];
  const entry = (resource: Resource, fullUrl = urn(crypto.randomUUID())) => ({ fullUrl, resource, request: { method: 'POST' as const, url: resource.resourceType } });
  const subject = { reference: patientUrn };
  const evidence = rests.map((resource) => entry({ ...resource, subject } as Resource));
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      entry({ resourceType: 'Patient', name: [{ text: 'Pat Example', family: 'Example', given: [givenName] }], birthDate }, patientUrn),
      ...evidence,
      entry(
        {
          resourceType: 'ServiceRequest',
          identifier: placer(`request-${number}`),
          status: 'active',
          intent: 'order',
          code: { coding: [PAIN_CODE] },
          subject,
          requester: { display: 'Referring practice' },
          authoredOn: '2026-01-05T10:00:00Z',
          reasonCode: [{ text: 'Low back pain' }],
          ...(evidence.length > 0 ? { supportingInfo: evidence.map(({ fullUrl }) => ({ reference: fullUrl })) } : {}),
          ...request,
        },
        requestUrn,
      ),
      ...(task
        ? [
            entry({
              resourceType: 'Task',
              identifier: placer(`task-${number}`),
              status: 'requested',
              intent: 'order',
              code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
              focus: { reference: requestUrn },
              for: subject,
              authoredOn: '2026-01-05T10:00:00Z',
              requester: { display: 'Referring practice' },
              ...task,
            }),
          ]
        : []),
    ],
  };
}

/** Ids of what a transaction made, by type (the last of each). */
export function idsIn(reply: Bundle): Record<string, string> {
  const made = (reply.entry ?? []).map(({ response }): [string, string] => {
    const [, type = '', id = ''] = /([A-Za-z]+)\/([^/]+)\/_history/.exec(response?.location ?? '') ?? [];
    return [type, id];
  });
  return Object.fromEntries(made);
}

/** Sends the bundle and returns the ids of what it made. Fails the test unless it was taken. */
export async function send(fhir: FhirClient, bundle: Bundle): Promise<Record<string, string>> {
  const reply = await fhir.post<Bundle>('', bundle);
  if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
  return idsIn(reply.body);
}

/** The part of a referral's answer that tests look at. */
export interface ReferralAnswer {
  readonly id: string;
  readonly state: string;
  readonly urgency: string;
  readonly taskId: string;
  readonly serviceRequestId: string;
  readonly version: number;
  readonly rank?: number;
  readonly redFlags: { hardStops: number; concerns: number };
  readonly missing: { id: string; label: string }[];
  readonly flags: { flag: string; state: string; evidence: string[]; toldBy: string | null; acknowledged: { by: string } | null }[];
  readonly nextAction: string | null;
  readonly decision: { undoableUntil: string | null } | null;
  readonly appointment: { id: string } | null;
  readonly history: { event: string; from: string | null; to: string; by: string; comment: string | null }[];
  readonly availableActions: { action: string; method: 'POST' | 'DELETE'; href: string; needsIfMatch: boolean }[];
  readonly otherReferrals: { id: string }[];
  readonly clocks: { sinceReceipt: number; adjusted: number | null };
}

/** An answer of /api/v1. */
export interface ApiReply<Body> {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Body;
}

/** A member of the clinic's staff at the REST interface. */
export class Staff {
  constructor(
    private readonly app: Pick<TestApp, 'url'>,
    private readonly authorization: string,
  ) {}

  async call<Body = ReferralAnswer>(method: string, path: string, body?: object, ifMatch?: string): Promise<ApiReply<Body>> {
    const response = await fetch(`${this.app.url}/api/v1${path}`, {
      method,
      headers: { authorization: this.authorization, ...(body ? { 'content-type': 'application/json' } : {}), ...(ifMatch ? { 'if-match': ifMatch } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, etag: response.headers.get('etag'), body: (text ? JSON.parse(text) : {}) as Body };
  }

  read = (id: string): Promise<ApiReply<ReferralAnswer>> => this.call('GET', `/referrals/${id}`);

  /** Acts on a referral at its present version. Fails the test unless the act passes. */
  async act(id: string, method: 'POST' | 'DELETE', path: string, body?: object): Promise<ReferralAnswer> {
    const { etag } = await this.read(id);
    const reply = await this.call(method, `/referrals/${id}/${path}`, body, etag ?? undefined);
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** The referral that rests on this request, by looking through the open worklist and what is over. */
  async find(patientId: string): Promise<ReferralAnswer> {
    for (const view of ['open', 'returned', 'closed-this-week']) {
      const { body } = await this.call<{ items: { id: string }[] }>('GET', `/referrals?view=${view}&patient=${patientId}&limit=5`);
      const [first] = body.items;
      if (first) return (await this.read(first.id)).body;
    }
    throw new Error('There is no referral for this patient.');
  }
}

/** What was said to the referrer of this request, by topic. */
export async function lettersAbout(fhir: FhirClient, serviceRequestId: string): Promise<Record<string, string>> {
  const reply = await fhir.get<Bundle<Communication>>(`/Communication?based-on=ServiceRequest/${serviceRequestId}`);
  return Object.fromEntries((reply.body.entry ?? []).map(({ resource }) => [resource?.topic?.coding?.[0]?.code ?? '', resource?.payload?.[0]?.contentString ?? '']));
}

/** What a Task went through, oldest first: status and the business status that is not Cairn's own, each step once. */
export async function taskStory(fhir: FhirClient, taskId: string): Promise<string[]> {
  const reply = await fhir.get<Bundle<Task>>(`/Task/${taskId}/_history?_count=100`);
  const story = (reply.body.entry ?? [])
    .map(({ resource }) => [resource?.status, resource?.businessStatus?.coding?.find(({ system }) => system !== 'urn:cairn:referral-state')?.code].filter(Boolean).join(' '))
    .reverse();
  return story.filter((step, index) => step !== story[index - 1]);
}
