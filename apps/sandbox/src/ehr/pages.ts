import { getDisplayString } from '@medplum/core';
import type { Patient } from '@medplum/fhirtypes';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sendPage } from '../shared/http-server.js';
import { html, page } from '../shared/page.js';
import type { Html } from '../shared/page.js';
import { CairnUnavailable } from './cairn-client.js';
import type { SandboxEhr } from './ehr.js';
import { Refusal } from './outcome.js';
import type { RankedPatient } from './pain-ranking.js';

/** A part of the sandbox, as the index page links it. */
export interface Room {
  name: string;
  url: string;
}

const referForm = z.object({ patientId: z.string() });

/** The hospital's pages for people: an index, the patients with a button to refer them, the log of requests. */
export function pages(app: FastifyInstance, ehr: SandboxEhr): void {
  app.setErrorHandler((error, _request, reply) => {
    const refuse = (status: number, why: string) => sendPage(reply.code(status), page('That is not possible', html`<p>${why}</p><p><a href="/patients">Back</a></p>`));
    if (error instanceof z.ZodError) return refuse(400, z.prettifyError(error));
    if (error instanceof Refusal) return refuse(error.status, error.message);
    throw error;
  });
  app.get('/', async (_request, reply) => sendPage(reply, page('Sandbox hospital', index(ehr))));

  app.get('/patients', async (_request, reply) => {
    const { patients, because } = await ehr.desk.ranking();
    return sendPage(reply, page('Patients', html`<p>First in line for the pain clinic is the top one. ${because}.</p>${patientTable(patients)}<p><a href="/">Back</a></p>`));
  });

  app.post('/patients/refer', async (request, reply) => {
    const { patientId } = referForm.parse(request.body);
    try {
      const { answer, order } = await ehr.refer({ patientId });
      const said = answer.status < 300 ? 'Cairn took the referral' : 'Cairn refused the referral';
      return sendPage(reply, page(said, html`<p>ServiceRequest/${order.id}: Cairn answered ${answer.status}.</p><pre>${JSON.stringify(answer.body, null, 2)}</pre><p><a href="/patients">Back</a></p>`));
    } catch (error) {
      if (!(error instanceof CairnUnavailable)) throw error;
      return sendPage(reply.code(502), page('Cairn was not reached', html`<p>${error.message}</p><p>The order is kept: POST /sandbox/referrals/(its id)/resend sends it again.</p><p><a href="/patients">Back</a></p>`));
    }
  });

  app.get('/requests', async (_request, reply) => {
    const rows = ehr.requests.all().reverse().map((one) => html`<tr><td>${one.at}</td><td>${one.clientId ?? '–'}</td><td>${one.method}</td><td>${one.path}</td><td>${one.status}</td></tr>`);
    return sendPage(reply, page('Requests to the hospital', html`<p>The latest ones, newest first. Tokens and bodies are not kept.</p>
<table><tr><th>at</th><th>client</th><th>method</th><th>path</th><th>answer</th></tr>${rows}</table><p><a href="/">Back</a></p>`));
  });
}

function index(ehr: SandboxEhr): Html {
  return html`<p>A hospital's EHR that exists on this machine only: FHIR R4 in memory, profile <b>${ehr.profile}</b>. Nobody in it is real.</p>
<ul>
<li><a href="/patients">Patients</a>, ranked for the pain clinic, with a button to refer each to Cairn</li>
<li><a href="/requests">Requests</a> that were made of the hospital</li>
<li><a href="/fhir/metadata">CapabilityStatement</a> and <a href="/fhir/.well-known/smart-configuration">SMART configuration</a></li>
<li>What the hospital holds, without a token: <a href="/sandbox/records/Task?_sort=-_lastUpdated">Tasks</a>, <a href="/sandbox/records/Communication">Communications</a>, <a href="/sandbox/records/CarePlan">CarePlans</a>, <a href="/sandbox/records/DocumentReference">DocumentReferences</a></li>
${ehr.rooms.map(({ name, url }) => html`<li><a href="${url}">${name}</a></li>`)}
</ul>
${admissionNote(ehr)}`;
}

function admissionNote({ admission }: SandboxEhr): Html {
  if (!admission) return html``;
  const { admittedPatients, knownPatients, completed, refused } = admission;
  return html`<p class="quiet">At this start ${admittedPatients} patients were taken in, ${knownPatients} were here already.
Registration completed ${completed.length} records (${[...new Set(completed.flatMap((one) => one.added))].join(', ') || 'nothing was missing'}).
${refused.length ? html`Not taken: ${refused.map((one) => `${one.name} (${one.reason})`).join('; ')}.` : undefined}</p>`;
}

function patientTable(patients: readonly RankedPatient[]): Html {
  const row = ({ record: { patient }, painConditions, painSeverity }: RankedPatient) => html`<tr>
<td>${getDisplayString(patient)}<br><span class="quiet">born ${patient.birthDate}, ${languageOf(patient)}</span></td>
<td>${painConditions.join(', ')}</td><td>${painSeverity?.toFixed(1) ?? '–'}</td>
<td><form method="post" action="/patients/refer"><input type="hidden" name="patientId" value="${patient.id}"><button>Refer</button></form></td></tr>`;
  return html`<table><tr><th>patient</th><th>active pain conditions</th><th>latest pain severity</th><th></th></tr>${patients.map(row)}</table>`;
}

function languageOf({ communication }: Patient): string {
  return communication?.[0]?.language.text ?? 'language not recorded';
}
