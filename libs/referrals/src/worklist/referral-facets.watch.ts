import { Injectable } from '@nestjs/common';
import { projectionWritten, type FhirCommandHandler, type FhirWrite } from '@cairn/fhir';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { ReferralFacets } from './referral-facets.service.js';

/** Takes over a patient's changed language, needs or address: at once where an outside system writes, by the outbox where Cairn does. */
@Injectable()
export class ReferralFacetsWatch implements FhirCommandHandler, EventHandler {
  readonly name = 'referral-facets';
  readonly types = ['Patient'] as const;
  readonly events = [projectionWritten('Patient')];

  constructor(private readonly facets: ReferralFacets) {}

  async handle(tx: Tx, news: readonly FhirWrite[] | OutboxEvent): Promise<void> {
    const patients = 'event' in news ? [news.ids['id'] ?? ''] : news.filter(({ interaction }) => interaction === 'update').map(({ id }) => id);
    if (patients.length > 0) await this.facets.patientsChanged(tx, patients);
  }
}
