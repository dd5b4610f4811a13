import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { invalid, newId, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, audit, type Scope } from '@cairn/platform';
import { demandDeed } from './actions/referral-outlook.js';
import { Referral } from './referral.entity.js';
import { attachedDocument } from './referral-attachment.fhir.js';

/** What may be attached, each with the bytes that such a file begins with. Source: the formats' own specifications. */
const KINDS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'application/pdf': [[0x25, 0x50, 0x44, 0x46, 0x2d]],
  'image/png': [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  'image/jpeg': [[0xff, 0xd8, 0xff]],
  'image/tiff': [
    [0x49, 0x49, 0x2a, 0x00],
    [0x4d, 0x4d, 0x00, 0x2a],
  ],
};

/** A file as it was sent. */
export interface Upload {
  readonly title: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The attachment as it is kept. */
export interface Attached {
  readonly documentReferenceId: string;
  readonly binaryId: string;
  readonly size: number;
  readonly sha256: string;
}

/** Keeps what came with a referral on paper: the file as a Binary, and a DocumentReference that says what it is. */
@Injectable()
export class ReferralAttachments {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
  ) {}

  /**
   * Attaches the file. Where Cairn placed the request, the request names it as supporting information; another's request stays as it was sent, and the document names the
   * request. Refuses other types, a file that is not what it says, an empty one, and more than fifty on one referral, and a referral that was entered in error.
   */
  async attach(scope: Scope, id: string, upload: Upload): Promise<Attached> {
    check(upload);
    return this.transactions.run(scope, async (tx) => {
      const referral = await tx.em.findOne(Referral, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!referral) throw notFound('The referral');
      await demandDeed(tx, referral, 'attach');
      // No change of the referral itself: its version stays, so that nobody's decision is refused for a paper that came.
      await tx.query({ name: 'referral-attached', text: `update referral set attachments = attachments + 1 where clinic_id = $1 and id = $2`, values: [scope.clinicId, id] });
      const request = `ServiceRequest/${referral.serviceRequestId}`;
      const sha256 = createHash('sha256').update(upload.bytes).digest('hex');
      const patient = { reference: `Patient/${referral.patientId}` };
      const binary = await this.store.create(tx, { resourceType: 'Binary', id: newId(), contentType: upload.contentType, securityContext: patient, data: upload.bytes.toString('base64') });
      const document = await this.store.create(tx, attachedDocument(newId(), { ...upload, size: upload.bytes.length, patient, request, binaryId: binary.id, now: tx.clock.now() }));
      if (referral.placedHere) {
        await this.store.amend(tx, 'ServiceRequest', referral.serviceRequestId, (own) => {
          own.supportingInfo = [...(own.supportingInfo ?? []), { reference: `DocumentReference/${document.id}` }];
        });
      }
      await audit(tx, { action: 'create', what: 'referral.attach', entities: [`DocumentReference/${document.id}`, `Task/${referral.taskId}`], patients: [referral.patientId] });
      return { documentReferenceId: document.id, binaryId: binary.id, size: upload.bytes.length, sha256 };
    });
  }
}

function check({ contentType, bytes }: Upload): void {
  const beginnings = KINDS[contentType];
  if (!beginnings) {
    throw invalid(`Attach one of ${Object.keys(KINDS).join(', ')}.`, { status: 415, code: 'attachment-type', issues: [{ path: 'content-type', message: `Must be one of ${Object.keys(KINDS).join(', ')}.` }] });
  }
  if (!beginnings.some((beginning) => beginning.every((byte, index) => bytes[index] === byte))) {
    throw invalid('The file is empty or not of the type that it says.', { code: 'attachment-content', issues: [{ path: '(body)', message: `Must be a file of the type ${contentType}.` }] });
  }
}
