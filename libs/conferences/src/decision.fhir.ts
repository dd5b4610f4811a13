import { createHash } from 'node:crypto';
import type { ClinicalImpression, Communication, DocumentReference, Identifier, Provenance, ServiceRequest, Task } from '@medplum/fhirtypes';
import { USER_SUBJECT } from '@cairn/people';
import type { ItemDecision } from './agenda-item.entity.js';
import { local, type ItemView, type NamedReference } from './conference.fhir.js';
import { recommendationDisplay, type RecommendationCode } from './conference-words.js';
import type { RecommendationState } from './recommendation.workflow.js';

/** Who signed: the subject of their token, and their Practitioner where one is known. */
export interface Signer {
  readonly userId: string;
  readonly name: string;
  readonly practitionerId: string | null;
}

/** What a recommendation shows of itself. Its Task bears its own id. */
export interface RecommendationView {
  readonly id: string;
  readonly itemId: string;
  readonly conferenceId: string;
  readonly patientId: string;
  readonly serviceRequestId: string | null;
  readonly code: RecommendationCode;
  readonly detail: string;
  readonly owner: { readonly practitionerId: string; readonly name: string };
  readonly dueAt: Date;
  readonly state: RecommendationState;
  readonly madeAt: Date;
  readonly settledAt: Date | null;
  readonly note: string | null;
}

const signerReference = ({ userId, name, practitionerId }: Signer): { reference?: string; identifier?: Identifier; display: string } => ({
  ...(practitionerId ? { reference: `Practitioner/${practitionerId}` } : { identifier: { system: USER_SUBJECT, value: userId } }),
  display: name,
});

/** The votes in words. */
export const votesInWords = ({ votes }: ItemDecision): string => `${votes.for} for, ${votes.against} against, ${votes.abstained} abstained`;

/** The decision on a patient: why, by which votes, against whose dissent. */
export function impressionOf(item: ItemView, decision: ItemDecision, signer: Signer, signedAt: Date): ClinicalImpression & { id: string } {
  const notes = [`Votes: ${votesInWords(decision)}.`, ...decision.dissent.map(({ name, reason }) => `Dissent by ${name}: ${reason}`)];
  return {
    resourceType: 'ClinicalImpression',
    id: item.id,
    identifier: [{ system: 'urn:cairn:agenda-item', value: item.id }],
    status: 'completed',
    code: local('case-conference-decision', 'Decision of the case conference'),
    description: item.question,
    subject: { reference: `Patient/${item.patientId}` },
    encounter: { reference: `Encounter/${item.conferenceId}` },
    effectiveDateTime: signedAt.toISOString(),
    date: signedAt.toISOString(),
    ...(signer.practitionerId ? { assessor: { reference: `Practitioner/${signer.practitionerId}`, display: signer.name } } : {}),
    summary: decision.rationale,
    note: notes.map((text) => ({ text })),
  };
}

const RECOMMENDATION_STATUS: Readonly<Record<RecommendationState, Task['status']>> = {
  proposed: 'requested',
  accepted: 'accepted',
  done: 'completed',
  'not-done': 'failed',
};

/** A recommendation as an owned Task. */
export function recommendationTask(view: RecommendationView, now: Date): Task & { id: string } {
  const basis = [...(view.serviceRequestId ? [{ reference: `ServiceRequest/${view.serviceRequestId}` }] : [])];
  return {
    resourceType: 'Task',
    id: view.id,
    identifier: [{ system: 'urn:cairn:recommendation', value: view.id }],
    groupIdentifier: { system: 'urn:cairn:conference', value: view.conferenceId },
    status: RECOMMENDATION_STATUS[view.state],
    ...(view.state === 'not-done' ? { statusReason: { text: view.note ?? 'Not done' } } : {}),
    intent: 'proposal',
    priority: 'routine',
    code: local(view.code, recommendationDisplay(view.code)),
    description: view.detail,
    ...(basis.length > 0 ? { basedOn: basis } : {}),
    reasonReference: { reference: `ClinicalImpression/${view.itemId}` },
    for: { reference: `Patient/${view.patientId}` },
    encounter: { reference: `Encounter/${view.conferenceId}` },
    authoredOn: view.madeAt.toISOString(),
    lastModified: now.toISOString(),
    owner: { reference: `Practitioner/${view.owner.practitionerId}`, display: view.owner.name },
    restriction: { period: { end: view.dueAt.toISOString() } },
    ...(view.settledAt ? { executionPeriod: { end: view.settledAt.toISOString() } } : {}),
    ...(view.note ? { note: [{ text: view.note }] } : {}),
  };
}

/** What a document of the minutes rests on: one patient's part, or an addendum to it. */
export interface MinutesDocument {
  readonly id: string;
  readonly title: string;
  readonly item: ItemView;
  readonly html: string;
  readonly signer: Signer;
  readonly signedAt: Date;
  readonly clinic: NamedReference;
  /** The document that this one adds to. */
  readonly appendsTo?: string;
}

/** The signed minutes of one patient, whole, as a page within a DocumentReference. */
export function minutesReference(document: MinutesDocument): DocumentReference & { id: string } {
  const { item, html, signedAt } = document;
  const bytes = Buffer.from(html, 'utf8');
  const signer = signerReference(document.signer);
  return {
    resourceType: 'DocumentReference',
    id: document.id,
    identifier: [{ system: 'urn:cairn:minutes', value: document.id }],
    status: 'current',
    docStatus: 'final',
    type: { coding: [{ system: 'http://loinc.org', code: '34858-1', display: 'Pain medicine Note' }, ...(local('conference-minutes', 'Minutes of a case conference').coding ?? [])], text: 'Minutes of a case conference' },
    subject: { reference: `Patient/${item.patientId}` },
    date: signedAt.toISOString(),
    author: [signer],
    authenticator: signer,
    custodian: { ...document.clinic },
    ...(document.appendsTo ? { relatesTo: [{ code: 'appends', target: { reference: `DocumentReference/${document.appendsTo}` } }] } : {}),
    description: document.title,
    content: [
      {
        attachment: {
          contentType: 'text/html',
          language: 'en',
          title: document.title,
          creation: signedAt.toISOString(),
          size: bytes.length,
          // R4 asks for SHA-1 here; the signature rests on SHA-256.
          hash: createHash('sha1').update(bytes).digest('base64'),
          data: bytes.toString('base64'),
        },
      },
    ],
    context: {
      encounter: [{ reference: `Encounter/${item.conferenceId}` }],
      ...(item.outcome === 'decided' ? { related: [{ reference: `ClinicalImpression/${item.id}` }] } : {}),
    },
  };
}

/** Who signed which document, with the signature itself: a compact JWS over the document's SHA-256. */
export function signatureOf(id: string, document: MinutesDocument, targets: readonly string[], jws: string): Provenance & { id: string } {
  const who = signerReference(document.signer);
  return {
    resourceType: 'Provenance',
    id,
    target: [`DocumentReference/${document.id}`, ...targets].map((reference) => ({ reference })),
    recorded: document.signedAt.toISOString(),
    occurredDateTime: document.signedAt.toISOString(),
    agent: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'legal', display: 'Legal Authenticator' }] },
        who,
        onBehalfOf: { ...document.clinic },
      },
    ],
    signature: [
      {
        type: [{ system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.1', display: "Author's Signature" }],
        when: document.signedAt.toISOString(),
        who,
        targetFormat: 'text/html',
        sigFormat: 'application/jose',
        data: Buffer.from(jws, 'utf8').toString('base64'),
      },
    ],
  };
}

/** What the referrer is told: that the team met, and what it recommends. Names no patient; the Communication says whom it is about. */
export function noticeText(day: string, decision: ItemDecision): string {
  const lines = decision.recommendations.map(
    ({ code, detail, owner, dueDate }, index) => `${index + 1}. ${recommendationDisplay(code)}: ${detail} (${owner.name}, by ${dueDate})`,
  );
  return [`Our team discussed your referral on ${day}. It recommends:`, ...lines, 'The signed minutes stand in the document that comes with this message.'].join('\n');
}

/** The notice to the referrer, based on their request, pointing at the signed minutes. */
export function noticeToReferrer(
  document: MinutesDocument,
  serviceRequestId: string,
  requester: ServiceRequest['requester'],
  text: string,
): Communication & { id: string } {
  return {
    resourceType: 'Communication',
    id: document.item.id,
    identifier: [{ system: 'urn:cairn:agenda-item', value: document.item.id }],
    status: 'completed',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category', code: 'notification', display: 'Notification' }] }],
    priority: 'routine',
    topic: local('conference-recommendations', 'Recommendations of the case conference'),
    subject: { reference: `Patient/${document.item.patientId}` },
    basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }],
    about: [{ reference: `DocumentReference/${document.id}` }],
    ...(requester ? { recipient: [requester] } : {}),
    sender: { ...document.clinic },
    sent: document.signedAt.toISOString(),
    payload: [{ contentString: text }, { contentReference: { reference: `DocumentReference/${document.id}` } }],
  };
}
