import { Inject, Injectable } from '@nestjs/common';
import { FhirStore, isResourceType } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { Resource, ServiceRequest } from '@medplum/fhirtypes';
import * as dataSet from './minimum-data-set.js';
import { observationCodes } from './red-flag-rules.js';
import type { ScreeningData } from './red-flags.js';

/** What a referral rests on: the request, what it names, and the patient's own record as far as this clinic holds it. */
export interface Evidence {
  readonly resources: readonly Resource[];
  readonly screening: ScreeningData;
}

/** The request, and what it rests on. */
export interface ReferralRecord extends Evidence {
  readonly request: ServiceRequest & { readonly id: string };
}

const OBSERVATIONS = [
  { code: [...new Set([...observationCodes, ...dataSet.observationCodes])].join(',') },
  { category: dataSet.observationCategories.join(',') },
];
const RECORD_TYPES = [...new Set(['Condition', 'MedicationRequest', 'MedicationStatement', 'QuestionnaireResponse', ...dataSet.recordTypes])].filter(isResourceType);

/** Gathers from the FHIR store what triage is based on. */
@Injectable()
export class ReferralEvidence {
  constructor(@Inject(FhirStore) private readonly store: FhirStore) {}

  /** Everything that may tell something, each resource once, and what the referrer wrote; `clinic` is the reference of the clinic itself, whose own messages tell nothing. What the request names but the store lacks (or may not show) is left out. */
  async gather(tx: Tx, request: ServiceRequest & { readonly id: string }, patientId: string, clinic: string): Promise<Evidence> {
    const found = new Map<string, Resource>();
    const named = [...(request.reasonReference ?? []), ...(request.supportingInfo ?? [])].flatMap(({ reference }) => reference ?? []);
    for (const [name, resource] of await this.store.readAll(tx, named)) found.set(name, resource);
    const add = (resources: readonly Resource[]): void => {
      for (const resource of resources) found.set(`${resource.resourceType}/${resource.id ?? ''}`, resource);
    };
    for (const type of RECORD_TYPES) add(await this.store.search(tx, type, { patient: patientId, _count: '200' }));
    for (const query of OBSERVATIONS) add(await this.store.search(tx, 'Observation', { patient: patientId, _count: '200', _sort: '-date', ...query }));
    add((await this.store.search(tx, 'Communication', { 'based-on': `ServiceRequest/${request.id}`, _count: '50' })).filter(({ sender }) => sender?.reference !== clinic));
    const patient = await this.store.find(tx, 'Patient', patientId);
    const resources = [request, ...found.values()];
    return { resources, screening: screeningData(patientId, patient?.birthDate, resources) };
  }
}

/** The part of the resources that red flags are looked for in. */
export const screeningData = (patientId: string, birthDate: string | undefined, resources: readonly Resource[]): ScreeningData => ({
  patientId,
  birthDate,
  conditions: resources.filter((resource) => resource.resourceType === 'Condition'),
  observations: resources.filter((resource) => resource.resourceType === 'Observation'),
  medications: resources.filter((resource) => resource.resourceType === 'MedicationRequest' || resource.resourceType === 'MedicationStatement'),
  answers: resources.filter((resource) => resource.resourceType === 'QuestionnaireResponse'),
});
