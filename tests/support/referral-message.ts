import type { Bundle, BundleEntry, MessageHeader, Resource, Task } from '@medplum/fhirtypes';
import type { FhirClient, FhirReply } from './fhir-client.js';
import { referralBundle } from './referral-factory.js';

export const REFERRAL = { system: 'http://terminology.hl7.org/CodeSystem/v2-0003', code: 'I12' };
export const MRN = 'urn:example:mrn';

export const entriesOf = ({ entry = [] }: Bundle): BundleEntry[] => entry;

/** A referral as a message: a header about its Task, then the patient, the request and the Task. */
export function message(header: Partial<MessageHeader> = {}, mrn = crypto.randomUUID()): Bundle {
  const brought = entriesOf(referralBundle()).map(({ fullUrl, resource }): BundleEntry => {
    const identified = resource?.resourceType === 'Patient' ? { ...resource, identifier: [{ system: MRN, value: mrn }] } : resource;
    return { fullUrl, resource: identified };
  });
  const task = brought.find(({ resource }) => resource?.resourceType === 'Task');
  const first: MessageHeader = {
    resourceType: 'MessageHeader',
    id: crypto.randomUUID(),
    eventCoding: REFERRAL,
    source: { name: 'General hospital', endpoint: 'https://general.example/fhir' },
    focus: [{ reference: task?.fullUrl ?? '' }],
    ...header,
  };
  return { resourceType: 'Bundle', type: 'message', entry: [{ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: first }, ...brought] };
}

/** The message with one of its resources changed. */
export const withChanged = (bundle: Bundle, type: Resource['resourceType'], change: object): Bundle => ({
  ...bundle,
  entry: entriesOf(bundle).map((entry) => (entry.resource?.resourceType === type ? { ...entry, resource: { ...entry.resource, ...change } } : entry)),
});

export const headerOf = (bundle: Bundle): MessageHeader => entriesOf(bundle)[0]?.resource as MessageHeader;

export const process = (fhir: FhirClient, body: object, query = '') => fhir.post<Bundle>(`/$process-message${query}`, body);

/** Id of the Task that a response is about. Fails the test unless the message was taken. */
export function taskIn(reply: FhirReply<Bundle>): string {
  if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
  return /\/fhir\/Task\/([^/]+)$/.exec(headerOf(reply.body).focus?.[0]?.reference ?? '')?.[1] ?? '';
}

/** The patient of a Task, as this caller reads it. */
export const patientOf = async (fhir: FhirClient, taskId: string): Promise<string> => ((await fhir.get<Task>(`/Task/${taskId}`)).body.for?.reference ?? '').replace('Patient/', '');
