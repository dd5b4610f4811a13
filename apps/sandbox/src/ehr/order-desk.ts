import { randomUUID } from 'node:crypto';
import type { WithId } from '@medplum/core';
import type { Bundle, Reference, Resource, ServiceRequest } from '@medplum/fhirtypes';
import { HOSPITAL } from './hospital.js';
import type { Clinic } from './hospital.js';
import type { HospitalRepository } from './hospital-repository.js';
import { Refusal } from './outcome.js';
import { readRecords } from './patient-record.js';
import type { PatientRecord } from './patient-record.js';
import { rankByPain } from './pain-ranking.js';
import type { Ranking } from './pain-ranking.js';
import { mapReferences } from './references.js';
import { orderReferral, orderTask, referralBundle } from './referral.js';
import type { Order } from './referral.js';

/** What can be said when a referral is ordered; without a patient, it is the one most in need. */
export interface OrderWishes {
  patientId?: string | undefined;
  priority?: Order['priority'] | undefined;
}

/** Where the hospital's doctors order referrals: keeps the orders, and packs them for the clinic. */
export class OrderDesk {
  /** @param keepsTasks whether this hospital stores the Task of a referral itself */
  constructor(
    private readonly repository: HospitalRepository,
    private readonly clinic: () => Clinic,
    private readonly keepsTasks: () => boolean,
  ) {}

  /** Ranks the hospital's patients by their need of a pain clinic. */
  async ranking(): Promise<Ranking> {
    return rankByPain(await readRecords(this.repository));
  }

  /** Orders a referral and keeps it. Throws a Refusal (404) when there is no such patient. */
  async order({ patientId, priority = 'routine' }: OrderWishes): Promise<WithId<ServiceRequest>> {
    const record = await this.recordFor(patientId);
    const order = orderReferral(record, {
      number: `order-${randomUUID()}`,
      clinic: this.clinic(),
      requester: requesterOf(record),
      priority,
      authoredOn: new Date().toISOString(),
    });
    return this.repository.withTransaction(async (repository) => {
      const kept = await repository.createResource<ServiceRequest>(order);
      if (this.keepsTasks()) await repository.createResource(orderTask(kept));
      return kept;
    });
  }

  /** Returns the order with this id; throws when the hospital has none. */
  find(id: string): Promise<WithId<ServiceRequest>> {
    return this.repository.readResource<WithId<ServiceRequest>>('ServiceRequest', id);
  }

  /** Returns the transaction that carries an order to the clinic: the same each time, unless the record changed. */
  async pack(order: WithId<ServiceRequest>): Promise<Bundle> {
    const known = new Map<string, WithId<Resource>>();
    await this.collect(order, known);
    for (const resource of [...known.values()]) await this.collect(resource, known);
    return referralBundle(order, known);
  }

  private async collect(from: WithId<Resource>, known: Map<string, WithId<Resource>>): Promise<void> {
    const found: string[] = [];
    mapReferences(from, (reference) => {
      found.push(reference.reference);
      return reference;
    });
    for (const reference of found) {
      const resource = await this.repository.readReference({ reference }).catch(() => undefined);
      if (resource) known.set(reference, resource);
    }
  }

  private async recordFor(patientId: string | undefined): Promise<PatientRecord> {
    const records = await readRecords(this.repository);
    const record = patientId === undefined ? rankByPain(records).patients[0]?.record : records.find(({ patient }) => patient.id === patientId);
    if (!record) throw new Refusal(404, 'not-found', patientId === undefined ? 'There is no living patient to refer' : `There is no patient ${patientId}`);
    return record;
  }
}

function requesterOf({ conditions, medicationRequests }: PatientRecord): Reference<never> {
  const doctor = [...medicationRequests.map((one) => one.requester), ...conditions.map((one) => one.recorder)].find((one) => one?.reference?.startsWith('Practitioner/'));
  return doctor?.reference ? { reference: doctor.reference } : { type: 'Organization', identifier: HOSPITAL.organization, display: HOSPITAL.name };
}
