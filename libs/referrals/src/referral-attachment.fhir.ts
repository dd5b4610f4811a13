import { createHash } from 'node:crypto';
import type { DocumentReference } from '@medplum/fhirtypes';

/** What is known of a file that came with a referral. */
export interface AttachmentFacts {
  readonly title: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly size: number;
  readonly patient: { readonly reference: string };
  /** Reference of the request it came with. */
  readonly request: string;
  readonly binaryId: string;
  readonly now: Date;
}

/** The document that says what the Binary is, with the checksum that FHIR asks for (SHA-1 of the bytes, in base64). */
export const attachedDocument = (id: string, { title, contentType, bytes, size, patient, request, binaryId, now }: AttachmentFacts): DocumentReference & { id: string } => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  type: { coding: [{ system: 'http://loinc.org', code: '57133-1', display: 'Referral note' }] },
  subject: patient,
  date: now.toISOString(),
  description: title,
  content: [{ attachment: { contentType, url: `Binary/${binaryId}`, size, hash: createHash('sha1').update(bytes).digest('base64'), title, creation: now.toISOString() } }],
  context: { related: [{ reference: request }] },
});
