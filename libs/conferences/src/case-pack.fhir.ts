import type { Bundle, CodeableConcept, Composition, CompositionSection, Resource } from '@medplum/fhirtypes';
import { html, type SafeHtml } from '@cairn/platform';
import { local, type ItemView, type NamedReference } from './conference.fhir.js';

/** One line of a case pack, and the resource it rests on, where there is one. */
export interface PackLine {
  readonly text: string;
  readonly resource?: Resource & { readonly id?: string };
}

/** One part of a case pack. */
export interface PackSection {
  readonly code: string;
  readonly title: string;
  readonly lines: readonly PackLine[];
  /** How many more are on record than stand here. */
  readonly more: number;
  /** How many were left out because they are labelled as sensitive. */
  readonly withheld: number;
}

/** What a case pack is made from. */
export interface PackFacts {
  readonly id: string;
  readonly item: ItemView;
  readonly title: string;
  readonly patient: Resource & { readonly id?: string };
  readonly sections: readonly PackSection[];
  readonly clinic: NamedReference;
  /** The clinic's own resource, where it has one. A document must bring along whom it names as its author (R4 documents.html#content). */
  readonly author: readonly Resource[];
  readonly assembledAt: Date;
  /** The server's base address, without a slash at its end. */
  readonly base: string;
}

/** What a section says of itself: that nothing is on record is said, never left blank. */
function narrative({ title, lines, more, withheld }: PackSection): SafeHtml {
  return html`<div xmlns="http://www.w3.org/1999/xhtml"><h2>${title}</h2>
${lines.length > 0 ? html`<ul>${lines.map(({ text }) => html`<li>${text}</li>`)}</ul>` : html`<p>Nothing on record. This does not mean that there is nothing.</p>`}
${more > 0 && html`<p>${more} more on record.</p>`}${withheld > 0 && html`<p>${withheld} left out: labelled as sensitive.</p>`}</div>`;
}

function sectionOf(section: PackSection): CompositionSection {
  const entries = section.lines.flatMap(({ resource }) => (resource?.id ? [{ reference: `${resource.resourceType}/${resource.id}` }] : []));
  return {
    title: section.title,
    code: local(section.code, section.title),
    text: { status: 'generated', div: narrative(section).text },
    ...(entries.length > 0 ? { entry: entries } : {}),
    ...(section.lines.length === 0 ? { emptyReason: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'unavailable', display: 'Unavailable' }] } } : {}),
  };
}

/** The case pack as a FHIR document: the Composition first, then the patient, the clinic and everything that the sections point at, each once. */
export function casePack(facts: PackFacts): Bundle & { id: string } {
  const composition: Composition & { id: string } = {
    resourceType: 'Composition',
    id: facts.id,
    status: 'final',
    type: { ...local('case-pack', 'Case pack for a case conference') },
    subject: { reference: `Patient/${facts.item.patientId}` },
    date: facts.assembledAt.toISOString(),
    author: [facts.author.length > 0 ? { ...facts.clinic } : { display: facts.clinic.display }],
    title: facts.title,
    section: facts.sections.map(sectionOf),
  };
  const resources = new Map<string, Resource>();
  for (const resource of [composition, facts.patient, ...facts.author, ...facts.sections.flatMap(({ lines }) => lines.flatMap(({ resource: each }) => (each ? [each] : [])))]) {
    resources.set(`${resource.resourceType}/${resource.id}`, resource);
  }
  return {
    resourceType: 'Bundle',
    id: facts.id,
    type: 'document',
    identifier: { system: 'urn:cairn:case-pack', value: facts.id },
    timestamp: facts.assembledAt.toISOString(),
    // Addresses under the server's base, so that the relative references inside the document lead to its own entries (R4 bundle.html#references).
    entry: [...resources].map(([name, resource]) => ({ fullUrl: `${facts.base}/fhir/${name}`, resource })),
  };
}

/** The case pack as a page to read: the narratives of its sections, in order. Empty parts say so. */
export function casePackPage(bundle: Bundle): string {
  const composition = bundle.entry?.[0]?.resource;
  if (composition?.resourceType !== 'Composition') throw new Error('A document begins with its Composition.');
  const body = (composition.section ?? []).map(({ text }) => text?.div ?? '').join('\n');
  const head = html`<html lang="en"><head><meta charset="utf-8"><title>${composition.title}</title><style>body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1rem}</style></head>`.text;
  return `<!doctype html>${head}<body>${html`<h1>${composition.title}</h1><p>Assembled ${composition.date}</p>`.text}${body}</body></html>`;
}

const textOf = (concept: CodeableConcept | undefined): string | undefined => concept?.text ?? concept?.coding?.find(({ display }) => display)?.display ?? concept?.coding?.[0]?.code;

const dated = (text: string, ...dates: readonly (string | undefined)[]): string => {
  const date = dates.find((each) => each !== undefined)?.slice(0, 10);
  return date ? `${text} (${date})` : text;
};

/** One line that says what a resource is about, for a reader in a hurry. */
export function lineOf(resource: Resource): string {
  switch (resource.resourceType) {
    case 'ServiceRequest':
      return dated([textOf(resource.code) ?? 'Request', ...(resource.reasonCode ?? []).map((reason) => textOf(reason))].filter(Boolean).join(': '), resource.authoredOn);
    case 'Condition':
      return dated(textOf(resource.code) ?? 'Unnamed problem', resource.onsetDateTime, resource.recordedDate);
    case 'MedicationRequest':
      return dated(
        [textOf(resource.medicationCodeableConcept) ?? resource.medicationReference?.display ?? 'Medicine named by reference', resource.dosageInstruction?.[0]?.text].filter(Boolean).join(', '),
        resource.authoredOn,
      );
    case 'AllergyIntolerance':
      return textOf(resource.code) ?? 'Unnamed allergy';
    case 'Procedure':
      return dated(textOf(resource.code) ?? 'Unnamed procedure', resource.performedDateTime, resource.performedPeriod?.start);
    case 'ImagingStudy':
      return dated(resource.description ?? textOf(resource.procedureCode?.[0]) ?? resource.modality?.[0]?.display ?? 'Imaging study', resource.started);
    case 'DiagnosticReport':
      return dated([textOf(resource.code) ?? 'Report', resource.conclusion].filter(Boolean).join(': '), resource.effectiveDateTime, resource.effectivePeriod?.start, resource.issued);
    case 'Goal':
      return dated(textOf(resource.description) ?? 'Unnamed goal', resource.target?.[0]?.dueDate, resource.startDate);
    case 'Task':
      return dated([textOf(resource.code) ?? 'Task', resource.description].filter(Boolean).join(': '), resource.restriction?.period?.end);
    default:
      return resource.resourceType;
  }
}
