import type { AuditFact } from '@cairn/platform';
import type { FhirAnswer, FhirRequest } from './fhir-request.js';
import { operationOf } from './operation-of.js';

/** Whether a request reads or searches, by GET or by POST. */
export const isRead = ({ method, path }: FhirRequest): boolean => method === 'GET' || method === 'HEAD' || (method === 'POST' && path.length > 1 && path.at(-1) === '_search');

/** What is to be recorded of an answer; undefined where it touched no patient and nobody's oversight. */
export function factOf(word: Pick<AuditFact, 'action' | 'what'>, { touched }: FhirAnswer): AuditFact | undefined {
  if (!touched || (touched.patients.length === 0 && !touched.oversight)) return undefined;
  return { ...word, entities: touched.entities, patients: touched.patients };
}

/** How the audit calls what a request does. */
export function auditWordOf(request: FhirRequest): Pick<AuditFact, 'action' | 'what'> {
  const { method, path } = request;
  if (path.length === 0) return { action: 'execute', what: 'fhir.transaction' };
  const operation = operationOf(request);
  if (operation) return { action: 'execute', what: `fhir.$${operation.name}` };
  if (isRead(request)) {
    if (path.at(-1) === '_history') return { action: 'read', what: 'fhir.history' };
    if (path[2] === '_history') return { action: 'read', what: 'fhir.vread' };
    return path.length === 2 && path[1] !== '_search' ? { action: 'read', what: 'fhir.read' } : { action: 'execute', what: 'fhir.search' };
  }
  if (method === 'POST') return { action: 'create', what: 'fhir.create' };
  if (method === 'PATCH') return { action: 'update', what: 'fhir.patch' };
  return method === 'DELETE' ? { action: 'delete', what: 'fhir.delete' } : { action: 'update', what: 'fhir.update' };
}
