import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Patients, clinicContact, showPhone } from '@cairn/people';
import { Clinics, type EventHandler, type OutboxEvent, type Tx } from '@cairn/platform';
import type { Communication, ServiceRequest } from '@medplum/fhirtypes';
import { REFERRER_NOTICE } from '../../../referrals/src/referral.events.js';
import { ReferrerLetter } from './letter.entity.js';
import { letterBinary, letterDocument } from './letter.fhir.js';
import { LetterLog } from './letter-log.service.js';
import { letterPdf } from './letter.pdf.js';
import { referrerOf, type Referrer } from './referrer.fhir.js';

/** Writes a letter for each notice to a referrer whom no EHR tells. */
@Injectable()
export class LetterWriting implements EventHandler {
  readonly name = 'letters-to-referrers';
  readonly events = [REFERRER_NOTICE];

  constructor(
    private readonly store: FhirStore,
    private readonly patients: Patients,
    private readonly clinics: Clinics,
    private readonly log: LetterLog,
  ) {}

  async handle(tx: Tx, { event, ids }: OutboxEvent): Promise<void> {
    const communicationId = ids['communicationId'];
    if (!communicationId) throw new Error(`The event ${event} lacks communicationId.`);
    const notice = await this.store.read(tx, 'Communication', communicationId);
    const requestId = notice.basedOn?.[0]?.reference?.split('/')[1] ?? '';
    const request = await this.store.read(tx, 'ServiceRequest', requestId);
    const named = request.requester?.reference;
    const referrer = referrerOf(request, named?.includes('/') ? (await this.store.readAll(tx, [named])).get(named) : undefined);
    if (!referrer) return;
    await this.log.route(tx, await this.#write(tx, notice, request, referrer));
    await tx.ring();
  }

  async #write(tx: Tx, notice: Communication & { id: string }, request: ServiceRequest & { id: string }, referrer: Referrer): Promise<ReferrerLetter> {
    const now = tx.clock.now();
    const patientId = notice.subject?.reference?.split('/')[1] ?? '';
    const clinic = await this.clinics.get(tx.scope.clinicId);
    const contact = clinicContact(clinic);
    const patient = await this.patients.get(tx, patientId);
    const pdf = await letterPdf({
      clinic: clinic.name,
      clinicPhone: contact ? showPhone(contact.phone, contact.country) : '',
      recipient: referrer.name,
      post: referrer.post,
      day: new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: clinic.zone }).format(now),
      about: [[patient?.givenName, patient?.familyName].filter(Boolean).join(' '), patient?.birthDate && `born ${patient.birthDate}`].filter(Boolean).join(', '),
      reference: request.identifier?.[0]?.value ?? null,
      text: notice.payload?.map(({ contentString }) => contentString ?? '').join('\n\n') ?? '',
    });
    const binary = await this.store.create(tx, letterBinary(newId(), patientId, pdf));
    const of = { patientId, communicationId: notice.id, serviceRequestId: request.id, binaryId: binary.id, clinic: clinic.name };
    const { id: documentId } = await this.store.create(tx, letterDocument(newId(), of, pdf, now));
    return tx.em.create(ReferrerLetter, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      patientId,
      serviceRequestId: request.id,
      communicationId: notice.id,
      documentId,
      state: 'written',
      recipient: referrer.name,
      email: referrer.email,
      phone: referrer.phone,
      post: referrer.post,
      rule: null,
      dueAt: now,
      retryAt: null,
      tries: 0,
      writtenAt: now,
      deliveredAt: null,
      deliveredBy: null,
      note: null,
      version: 1,
    });
  }
}
