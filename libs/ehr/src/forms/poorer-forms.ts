import { noticesFor } from '@cairn/platform';
import { labelsOf } from '../exchange/exchange.rules.js';
import { eachReference, localReference, objectsAt, textOf, type FhirJson } from '../fhir-json.js';
import table from './forms.json' with { type: 'json' };
import { inWords, type Lookup } from './words.js';

/** What surrounds a resource that is told in a poorer form. */
export interface Telling {
  /** When this version was recorded, as FHIR writes an instant. */
  readonly recordedAt: string;
  /** Name of the clinic that tells. */
  readonly clinic: string;
  readonly lookup: Lookup;
  /** The document at the EHR that this one replaces, as a reference there. */
  readonly replaces?: string | undefined;
}

const SUBJECTS: Record<string, string> = { Task: 'for' };

/** The one patient that a resource is about, as a Reference; undefined where it is about nobody or several. */
function subjectOf(type: string, resource: FhirJson): FhirJson | undefined {
  const candidates: FhirJson[] = [];
  const element = type === 'Appointment' ? 'participant' : (SUBJECTS[type] ?? 'subject');
  eachReference(resource[element], (reference) => {
    if (reference.reference.startsWith('Patient/')) candidates.push(reference);
  });
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The requests that a resource answers, as References. */
function requestsOf(resource: FhirJson): FhirJson[] {
  const found = new Map<string, FhirJson>();
  for (const element of ['focus', 'basedOn', 'about']) {
    eachReference(resource[element], (reference) => {
      const local = localReference(reference.reference);
      if (local?.startsWith('ServiceRequest/')) found.set(local, reference);
    });
  }
  return [...found.values()];
}

/** The labels of a resource, which hold for whatever it is told in. */
function labelled(resource: FhirJson): FhirJson {
  const security = objectsAt(resource['meta']).flatMap((meta) => objectsAt(meta['security']));
  return security.length > 0 ? { meta: { security } } : {};
}

/** What a resource says in words, and what the law wants said along with it. */
const toldInWords = (type: string, resource: FhirJson, { lookup }: Telling): string[] => [...inWords(type, resource, lookup), ...noticesFor(labelsOf(resource))];

/** A resource as a Communication: what it says stands in words, and it answers the same requests. */
export function asCommunication(type: string, resource: FhirJson, telling: Telling): FhirJson {
  const requests = requestsOf(resource);
  const subject = subjectOf(type, resource);
  return {
    resourceType: 'Communication',
    ...labelled(resource),
    status: 'completed',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category', code: 'notification', display: 'Notification' }] }],
    ...(requests.length > 0 && { basedOn: requests }),
    ...(subject && { subject }),
    sent: telling.recordedAt,
    sender: { display: telling.clinic },
    payload: [{ contentString: toldInWords(type, resource, telling).join('\n') }],
  };
}

/** A resource as a document of plain text that a person reads. */
export function asDocument(type: string, resource: FhirJson, telling: Telling): FhirJson {
  const requests = requestsOf(resource);
  const subject = subjectOf(type, resource);
  const lines = toldInWords(type, resource, telling);
  const coding = (table.documentTypes as Record<string, FhirJson>)[type] ?? table.documentTypes.default;
  const wrong = textOf(resource['status']) === 'entered-in-error' || textOf(resource['lifecycleStatus']) === 'entered-in-error';
  return {
    resourceType: 'DocumentReference',
    ...labelled(resource),
    status: wrong ? 'entered-in-error' : 'current',
    type: { coding: [coding] },
    ...(subject && { subject }),
    date: telling.recordedAt,
    author: [{ display: telling.clinic }],
    ...(telling.replaces && { relatesTo: [{ code: 'replaces', target: { reference: telling.replaces } }] }),
    description: lines[0],
    content: [{ attachment: { contentType: 'text/plain; charset=utf-8', data: Buffer.from(lines.join('\n'), 'utf8').toString('base64'), title: lines[0], creation: telling.recordedAt } }],
    ...(requests.length > 0 && { context: { related: requests } }),
  };
}
