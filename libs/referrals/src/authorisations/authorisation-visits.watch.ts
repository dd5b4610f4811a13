import { Inject, Injectable } from '@nestjs/common';
import { FhirStore, projectionWritten, type FhirCommandHandler, type FhirWrite } from '@cairn/fhir';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import type { Reference, Resource } from '@medplum/fhirtypes';
import { idIn } from '../referral-recognition.js';
import { Authorisations } from './authorisations.service.js';

/** Counts visits down: an Appointment of Cairn's that was kept, an Encounter of the hospital's that is finished. One visit that is both counts once. */
@Injectable()
export class AuthorisationVisits implements FhirCommandHandler, EventHandler {
  readonly name = 'authorisation-visits';
  readonly types = ['Encounter', 'Appointment'] as const;
  readonly events = [projectionWritten('Appointment')];

  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly authorisations: Authorisations,
  ) {}

  async handle(tx: Tx, news: readonly FhirWrite[] | OutboxEvent): Promise<void> {
    for (const resource of 'event' in news ? await this.#written(tx, news) : news.flatMap(({ resource }) => resource ?? [])) {
      const visit = visitIn(resource);
      if (!visit) continue;
      for (const requestId of visit.requests) {
        const granted = await this.authorisations.grantedFor(tx, requestId);
        if (granted) await this.authorisations.countVisit(tx, granted, visit.source);
      }
    }
  }

  async #written(tx: Tx, { ids: { id = '' } }: OutboxEvent): Promise<Resource[]> {
    const appointment = await this.store.find(tx, 'Appointment', id);
    return appointment ? [appointment] : [];
  }
}

const requestsIn = (references: readonly Reference[] | undefined): string[] => (references ?? []).flatMap((reference) => idIn(reference, 'ServiceRequest') ?? []);

/** The requests that a kept visit serves, and the name it is counted by. */
function visitIn(resource: Resource): { requests: string[]; source: string } | undefined {
  if (resource.resourceType === 'Appointment' && resource.status === 'fulfilled') return { requests: requestsIn(resource.basedOn), source: `Appointment/${resource.id ?? ''}` };
  if (resource.resourceType !== 'Encounter' || resource.status !== 'finished') return undefined;
  return { requests: requestsIn(resource.basedOn), source: resource.appointment?.[0]?.reference ?? `Encounter/${resource.id ?? ''}` };
}
