import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from '@medplum/fhirtypes';
import type { AuditRow } from '@cairn/platform';
import { isResourceType } from '../definitions/structures.js';
import { ACTION_CODES, ACTOR_SYSTEMS, ACT_SYSTEM, OUTCOME_CODES, typeOfAct } from './audit-kinds.js';

const REST_INTERACTIONS: Readonly<Record<string, string>> = {
  'fhir.read': 'read',
  'fhir.vread': 'vread',
  'fhir.search': 'search',
  'fhir.history': 'history',
  'fhir.create': 'create',
  'fhir.update': 'update',
  'fhir.patch': 'patch',
  'fhir.delete': 'delete',
  'fhir.transaction': 'transaction',
};

const PERSON: Coding = { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '1', display: 'Person' };
const THING: Coding = { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '2', display: 'System Object' };
const PATIENT_ROLE: Coding = { system: 'http://terminology.hl7.org/CodeSystem/object-role', code: '1', display: 'Patient' };
const REQUEST_ID: Coding = { system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType', code: 'XrequestId' };
const BREAK_GLASS: Coding = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG', display: 'break the glass' };

/** One row of the audit as the AuditEvent that it stands for. It has one version, for it never changes. */
export function auditEventOf(row: AuditRow): AuditEvent & { readonly id: string } {
  const recorded = row.recordedAt.toISOString();
  const restInteraction = REST_INTERACTIONS[row.what];
  const type = typeOfAct(row.what);
  return {
    resourceType: 'AuditEvent',
    id: row.id,
    meta: { versionId: '1', lastUpdated: recorded },
    ...(type ? { type } : { type: { code: 'object' } }),
    subtype: [...(restInteraction ? [{ system: 'http://hl7.org/fhir/restful-interaction', code: restInteraction }] : []), { system: ACT_SYSTEM, code: row.what }],
    action: ACTION_CODES[row.action] as AuditEvent['action'] & string,
    recorded,
    outcome: OUTCOME_CODES[row.outcome] as AuditEvent['outcome'] & string,
    ...purposeOf(row),
    agent: [agentOf(row)],
    source: { observer: { display: 'Cairn' }, type: [{ system: 'http://terminology.hl7.org/CodeSystem/security-source-type', code: '4', display: 'Application Server' }] },
    entity: [...row.patients.map(patientEntity), ...row.entities.filter((entity) => !isOneOf(entity, row.patients)).map(thingEntity), requestEntity(row.correlationId)],
  };
}

const isOneOf = (entity: string, patients: readonly string[]): boolean => entity.startsWith('Patient/') && patients.includes(entity.slice('Patient/'.length));

const purposeOf = ({ purpose, what }: AuditRow): Pick<AuditEvent, 'purposeOfEvent'> => {
  const coding = what.startsWith('break-glass') ? { coding: [BREAK_GLASS] } : {};
  return purpose === null && !('coding' in coding) ? {} : { purposeOfEvent: [{ ...coding, ...(purpose === null ? {} : { text: purpose }) }] };
};

function agentOf({ actorKind, actorId, actorName }: AuditRow): AuditEventAgent {
  if (actorKind === 'patient') return { who: { reference: `Patient/${actorId}` }, requestor: true };
  const system = ACTOR_SYSTEMS[actorKind];
  return {
    who: { identifier: { ...(system ? { system } : {}), value: actorId }, ...(actorName === null ? {} : { display: actorName }) },
    ...(actorName === null ? {} : { name: actorName }),
    requestor: actorKind !== 'cairn',
  };
}

const patientEntity = (id: string): AuditEventEntity => ({ what: { reference: `Patient/${id}` }, type: PERSON, role: PATIENT_ROLE });

/** What is no resource of FHIR, such as a connection, is named by an identifier. */
function thingEntity(name: string): AuditEventEntity {
  const [type = '', id = ''] = name.split('/');
  return { what: isResourceType(type) ? { reference: name } : { identifier: { system: `urn:cairn:${type}`, value: id } }, type: THING };
}

const requestEntity = (correlationId: string): AuditEventEntity => ({ what: { identifier: { value: correlationId } }, type: REQUEST_ID });
