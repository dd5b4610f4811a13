import { beforeAll, describe, expect, it } from '@jest/globals';
import { validateResource } from '@medplum/core';
import type { Bundle, ServiceRequest, Task } from '@medplum/fhirtypes';
import { admit } from './cohort.js';
import { loadDefinitions } from './definitions.js';
import { FhirService } from './fhir-service.js';
import { DEMO_CLINIC } from './hospital.js';
import { HospitalRepository } from './hospital-repository.js';
import { inventCohort } from './invented-cohort.js';
import { OrderDesk } from './order-desk.js';

const NOW = new Date('2026-11-22T10:00:00Z');

async function hospital() {
  const repository = new HospitalRepository(() => undefined);
  await admit(repository, inventCohort(1, NOW).map((bundle, index) => ({ name: String(index), bundle })));
  return { repository, desk: new OrderDesk(repository, () => DEMO_CLINIC, () => true) };
}

function referencesIn(bundle: Bundle): string[] {
  return [...JSON.stringify(bundle).matchAll(/"reference":"([^"]+)"/g)].map(([, reference = '']) => reference);
}

beforeAll(loadDefinitions);

describe('A referral', () => {
  let bundle: Bundle;
  let order: ServiceRequest & { id: string };
  beforeAll(async () => {
    const { desk } = await hospital();
    order = await desk.order({ priority: 'urgent' });
    bundle = await desk.pack(order);
  });
  const only = (type: string) => (bundle.entry ?? []).filter((entry) => entry.resource?.resourceType === type);

  it('carries the patient, the request, its Task and what they rest on, all valid', () => {
    expect(new Set(bundle.entry?.map((entry) => entry.resource?.resourceType))).toEqual(
      new Set(['Patient', 'Condition', 'Observation', 'MedicationRequest', 'ServiceRequest', 'Task']),
    );
    for (const type of ['Patient', 'ServiceRequest', 'Task']) expect(only(type)).toHaveLength(1);
    for (const { resource } of bundle.entry ?? []) if (resource) validateResource(resource);
  });

  it('is an active order for the clinic, named by identifier, and its Task asks to fulfil it', () => {
    const owner = { type: 'Organization', identifier: DEMO_CLINIC };
    expect(only('ServiceRequest')[0]?.resource).toMatchObject({ status: 'active', intent: 'order', priority: 'urgent', performer: [owner] });
    expect(only('Task')[0]?.resource).toMatchObject({
      status: 'requested',
      intent: 'order',
      code: { coding: [{ code: 'fulfill' }] },
      owner,
      focus: { reference: only('ServiceRequest')[0]?.fullUrl },
      for: { reference: only('Patient')[0]?.fullUrl },
      identifier: [{ type: { coding: [{ code: 'PLAC' }] } }],
    });
  });

  it('refers only to what it carries, and names the rest by identifier', () => {
    const carried = new Set(bundle.entry?.map((entry) => entry.fullUrl));
    expect(referencesIn(bundle).filter((reference) => !carried.has(reference))).toEqual([]);
    expect(only('ServiceRequest')[0]?.resource).toMatchObject({ requester: { type: 'Practitioner', identifier: { system: 'https://hospital.example/staff' } } });
  });

  it('can be sent twice: facts are updated by identifier, the request and its Task are created only once', async () => {
    const receiver = new HospitalRepository(() => undefined);
    const service = new FhirService(receiver, () => 'full');
    const send = () => service.handle({ method: 'POST', path: '', headers: {}, body: structuredClone(bundle) });
    expect((await send()).status).toBe(200);
    const types = ['Patient', 'Condition', 'Observation', 'MedicationRequest', 'ServiceRequest', 'Task'] as const;
    const count = () => Promise.all(types.map(async (type) => (await receiver.all(type)).length));
    const before = await count();
    for (const task of await receiver.all<Task>('Task')) await receiver.updateResource<Task>({ ...task, status: 'received' });
    expect((await send()).status).toBe(200);
    expect(await count()).toEqual(before);
    expect(await receiver.all('Task')).toMatchObject([{ status: 'received' }]);
  });

  it('is packed the same way again, so that a resend is a resend', async () => {
    const { desk } = await hospital();
    const again = await desk.order({});
    expect(await desk.pack(again)).toEqual(await desk.pack(await desk.find(again.id)));
  });

  it('goes out as an order of its own each time the doctor orders', async () => {
    const { desk, repository } = await hospital();
    const [one, other] = [await desk.order({}), await desk.order({})];
    expect(one.identifier?.[0]?.value).not.toBe(other.identifier?.[0]?.value);
    expect(await repository.all('Task')).toHaveLength(2);
  });

  it('cannot be ordered for somebody who is not there', async () => {
    const { desk } = await hospital();
    await expect(desk.order({ patientId: 'nobody' })).rejects.toThrow('There is no patient nobody');
  });
});
