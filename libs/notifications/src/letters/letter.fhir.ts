import { createHash } from 'node:crypto';
import type { Binary, CodeableConcept, DocumentReference, Task } from '@medplum/fhirtypes';
import { CAIRN_CODES } from '@cairn/people';
import type { ReferrerLetter } from './letter.entity.js';
import type { LetterState } from './letter.workflow.js';

const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code }], text });

/** What a person is asked to do next. */
export const NEXT_STEP: Readonly<Record<LetterState, string>> = {
  written: 'Cairn sends the letter.',
  'to-mail': 'Cairn mails the referrer that a letter is there.',
  mailing: 'Cairn mails the referrer that a letter is there.',
  mailed: 'Wait until the referrer fetches the letter.',
  'to-call': 'Call the referrer and tell what the letter says.',
  'to-post': 'Print the letter and post it.',
  delivered: 'Nothing: the letter is delivered.',
};

/** The letter's PDF, kept with the patient's record. */
export const letterBinary = (id: string, patientId: string, pdf: Buffer): Binary & { id: string } => ({
  resourceType: 'Binary',
  id,
  contentType: 'application/pdf',
  securityContext: { reference: `Patient/${patientId}` },
  data: pdf.toString('base64'),
});

/** The letter as a document of the patient's record. */
export function letterDocument(id: string, of: { patientId: string; communicationId: string; serviceRequestId: string; binaryId: string; clinic: string }, pdf: Buffer, now: Date): DocumentReference & { id: string } {
  return {
    resourceType: 'DocumentReference',
    id,
    status: 'current',
    docStatus: 'final',
    type: local('referrer-letter', 'Letter to the referrer'),
    subject: { reference: `Patient/${of.patientId}` },
    date: now.toISOString(),
    author: [{ display: of.clinic }],
    content: [
      {
        attachment: {
          contentType: 'application/pdf',
          url: `Binary/${of.binaryId}`,
          size: pdf.length,
          // FHIR's Attachment.hash is SHA-1 by definition (R4 datatypes.html#Attachment); it guards against accidents, not against forgers.
          hash: createHash('sha1').update(pdf).digest('base64'),
          title: 'Letter to the referrer',
          creation: now.toISOString(),
        },
      },
    ],
    context: { related: [{ reference: `Communication/${of.communicationId}` }, { reference: `ServiceRequest/${of.serviceRequestId}` }] },
  };
}

/** The letter as a Task of the coordinators, with the letter's own id: open until it is delivered. */
export function letterTask(letter: ReferrerLetter, now: Date): Task & { id: string } {
  const isOpen = letter.state !== 'delivered';
  return {
    resourceType: 'Task',
    id: letter.id,
    identifier: [{ system: 'urn:cairn:referrer-letter', value: letter.id }],
    status: isOpen ? 'requested' : 'completed',
    businessStatus: local(letter.state, letter.state.replaceAll('-', ' ')),
    intent: 'order',
    priority: 'routine',
    code: local('tell-referrer', 'Tell the referrer'),
    description: NEXT_STEP[letter.state],
    focus: { reference: `Communication/${letter.communicationId}` },
    for: { reference: `Patient/${letter.patientId}` },
    authoredOn: letter.writtenAt.toISOString(),
    lastModified: now.toISOString(),
    performerType: [local('coordination', 'Care coordinator')],
    ...(letter.dueAt ? { restriction: { period: { end: letter.dueAt.toISOString() } } } : {}),
    input: [{ type: local('letter', 'The letter'), valueReference: { reference: `DocumentReference/${letter.documentId}` } }],
    ...(letter.note ? { note: [{ text: letter.note, time: now.toISOString() }] } : {}),
  };
}
