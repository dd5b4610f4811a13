import type { WithId } from '@medplum/core';
import { getDisplayString } from '@medplum/core';
import type { Bundle, BundleEntry, Identifier, Observation, Reference, Resource, ResourceType, ServiceRequest, Task } from '@medplum/fhirtypes';
import { v5 as uuid } from 'uuid';
import { ORDER, isPainCode, isPainSeverity, isPeg } from './clinical-codes.js';
import { HOSPITAL } from './hospital.js';
import type { Clinic } from './hospital.js';
import { isActive, latestFirst, recordNumber } from './patient-record.js';
import type { PatientRecord } from './patient-record.js';
import { mapReferences } from './references.js';

/** What the referring doctor decides. */
export interface Order {
  number: string;
  clinic: Clinic;
  requester: NonNullable<ServiceRequest['requester']>;
  priority: 'routine' | 'urgent' | 'asap' | 'stat';
  authoredOn: string;
}

const URN_NAMESPACE = '0d4f6e0a-2b9e-4a55-8f0d-9b7c3a1e6f58';
const PAIN_SCORES = 5;
const PEG_SCORES = 12;

/** The referral as the hospital keeps it: a ServiceRequest for the pain clinic, resting on what the record says about the pain. */
export function orderReferral(record: PatientRecord, order: Order): ServiceRequest {
  const active = record.conditions.filter(isActive);
  const pain = active.filter((condition) => isPainCode(condition.code));
  const others = active.filter((condition) => !isPainCode(condition.code));
  const scores = [...latest(record, isPainSeverity, PAIN_SCORES), ...latest(record, isPeg, PEG_SCORES)];
  const medicines = record.medicationRequests.filter((request) => request.status === 'active');
  const supportingInfo = [...scores, ...medicines, ...others].map(toReference);
  return {
    resourceType: 'ServiceRequest',
    identifier: [placerIdentifier(order.number)],
    status: 'active',
    intent: 'order',
    priority: order.priority,
    category: [ORDER.category],
    code: { ...ORDER.code, text: 'Referral to the pain clinic' },
    subject: toReference(record.patient),
    occurrencePeriod: { start: order.authoredOn.slice(0, 10) },
    authoredOn: order.authoredOn,
    requester: order.requester,
    performer: [clinicReference(order.clinic)],
    ...(pain.length ? { reasonReference: pain.map(toReference) } : { reasonCode: [{ text: 'Pain, for assessment and advice' }] }),
    ...(supportingInfo.length && { supportingInfo }),
  };
}

/** The Task by which the hospital follows what becomes of the referral. */
export function orderTask(request: WithId<ServiceRequest>): Task {
  const number = request.identifier?.[0]?.value ?? request.id;
  return {
    resourceType: 'Task',
    identifier: [placerIdentifier(`${number}-task`)],
    status: 'requested',
    intent: 'order',
    ...(request.priority && { priority: request.priority }),
    code: ORDER.fulfill,
    focus: toReference(request),
    for: request.subject,
    authoredOn: request.authoredOn,
    lastModified: request.authoredOn,
    requester: { type: 'Organization', identifier: HOSPITAL.organization, display: HOSPITAL.name },
    owner: request.performer?.[0],
  };
}

/**
 * The transaction that carries a referral to the clinic. Everything has an identifier and is created or updated by it,
 * so that sending it again duplicates nothing; the request and its Task are only ever created, so that a resend does not
 * take back what the clinic did with them. References lead to other entries or, by identifier, to what stayed behind.
 *
 * @param known what the referral rests on, and whoever it names, by reference (`Condition/7`)
 */
export function referralBundle(request: WithId<ServiceRequest>, known: ReadonlyMap<string, WithId<Resource>>): Bundle {
  const carried = carriedReferences(request).flatMap((reference) => known.get(reference) ?? []);
  const task = { ...orderTask(request), id: `${request.id}-task` };
  const sent = new Set([...carried, request].map((resource) => `${resource.resourceType}/${resource.id}`));
  const rewrite = (reference: Reference & { reference: string }): Reference =>
    sent.has(reference.reference) ? { ...reference, reference: urnOf(reference.reference) } : logicalReference(reference, known.get(reference.reference));
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [...carried, request, task].map((resource) => entryFor(mapReferences(resource, rewrite))),
  };
}

/** The references of what travels with a referral: the patient, its reasons and its supporting information. */
function carriedReferences({ subject, reasonReference, supportingInfo }: ServiceRequest): string[] {
  return [subject, ...(reasonReference ?? []), ...(supportingInfo ?? [])].flatMap((one) => one.reference ?? []);
}

function entryFor(resource: WithId<Resource>): BundleEntry {
  const { id, meta, ...content } = resource;
  const identified = withIdentifier(resource);
  const query = new URLSearchParams({ identifier: `${identified.system}|${identified.value}` }).toString();
  const once = resource.resourceType === 'ServiceRequest' || resource.resourceType === 'Task';
  const own = 'identifier' in content && Array.isArray(content.identifier) ? content.identifier : [];
  const isOwn = own.some((one: Identifier) => one.system === identified.system && one.value === identified.value);
  return {
    fullUrl: urnOf(`${resource.resourceType}/${id}`),
    resource: { ...content, ...(meta?.tag && { meta: { tag: meta.tag } }), identifier: isOwn ? own : [...own, identified] } as Resource,
    request: once ? { method: 'POST', url: resource.resourceType, ifNoneExist: query } : { method: 'PUT', url: `${resource.resourceType}?${query}` },
  };
}

/** The identifier that the clinic can know a resource by: a patient's record number, a placer's order number, else the hospital's own id. */
function withIdentifier(resource: WithId<Resource>): { system: string; value: string } {
  const own = { system: `${HOSPITAL.resources}${resource.resourceType}`, value: resource.id };
  switch (resource.resourceType) {
    case 'Patient':
      return recordNumber(resource) ?? own;
    case 'ServiceRequest':
    case 'Task':
      return { system: HOSPITAL.orders, value: resource.identifier?.[0]?.value ?? resource.id };
    default:
      return own;
  }
}

function logicalReference({ reference, ...others }: Reference & { reference: string }, target: WithId<Resource> | undefined): Reference {
  const [type, id] = reference.split('/');
  if (!type || !id) return { ...others, reference };
  const identifiers = target && 'identifier' in target && Array.isArray(target.identifier) ? (target.identifier) : [];
  const identifier = identifiers[0] ?? { system: `${HOSPITAL.resources}${type}`, value: id };
  const isNamed = target?.resourceType === 'Practitioner' || target?.resourceType === 'Organization';
  return { ...others, type: type as ResourceType, identifier, ...(isNamed && { display: getDisplayString(target) }) };
}

function latest({ observations }: PatientRecord, isWanted: (code: Observation['code']) => boolean, count: number): WithId<Observation>[] {
  return observations.filter((one) => isWanted(one.code)).toSorted(latestFirst).slice(0, count);
}

function toReference<T extends Resource>(resource: WithId<T>): Reference<T> {
  return { reference: `${resource.resourceType}/${resource.id}` };
}

function clinicReference({ system, value }: Clinic): Reference<never> {
  return { type: 'Organization', identifier: { system, value } };
}

function placerIdentifier(value: string): Identifier {
  return { type: ORDER.placer, system: HOSPITAL.orders, value };
}

function urnOf(reference: string): string {
  return `urn:uuid:${uuid(reference, URN_NAMESPACE)}`;
}
