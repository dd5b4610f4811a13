import { CAIRN_CODES } from '@cairn/people';
import type { CodeableConcept, Task } from '@medplum/fhirtypes';
import { visitsLeft, type Authorisation } from './authorisation.entity.js';
import type { AuthorisationState } from './authorisation.workflow.js';

const CODES = 'urn:cairn:authorisation';

const STATUS: Readonly<Record<AuthorisationState, Task['status']>> = {
  needed: 'draft',
  asked: 'requested',
  granted: 'accepted',
  'used-up': 'completed',
  expired: 'completed',
  denied: 'rejected',
  closed: 'cancelled',
};

const coded = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CODES, code }], text });

/**
 * The authorisation as a Task that is asked of the insurer: FHIR's Task has a place for each thing there is to know (how many times, until when, refused why),
 * while a Claim with its ClaimResponse needs a Coverage and prices that a pain clinic's desk does not have.
 */
export function authorisationTask(row: Authorisation, clinic: { readonly reference: string; readonly display: string }, now: Date): Task & { id: string } {
  const left = visitsLeft(row);
  const ended = row.state === 'closed' && row.visitsUsed > 0;
  return {
    resourceType: 'Task',
    id: row.id,
    identifier: [{ system: CODES, value: row.id }, ...(row.number ? [{ system: 'urn:cairn:insurer-number', value: row.number }] : [])],
    status: ended ? 'completed' : STATUS[row.state],
    businessStatus: coded(row.state, row.state),
    ...(row.state === 'denied' && row.reason ? { statusReason: { text: row.reason } } : {}),
    intent: 'order',
    code: coded('insurer-authorisation', 'Authorisation by the insurer'),
    description: row.service,
    focus: { reference: `ServiceRequest/${row.serviceRequestId}` },
    for: { reference: `Patient/${row.patientId}` },
    authoredOn: row.openedAt.toISOString(),
    lastModified: now.toISOString(),
    requester: clinic,
    owner: { display: row.insurer },
    ...(row.grantedUntil
      ? { restriction: { ...(row.visitsGranted ? { repetitions: row.visitsGranted } : {}), period: { ...(row.grantedFrom ? { start: row.grantedFrom } : {}), end: row.grantedUntil } } }
      : {}),
    ...(left === null ? {} : { output: [{ type: coded('visits-left', 'Visits left'), valueInteger: left }] }),
  };
}

/** What a coordinator is asked when a grant runs out, as a Task of its own. */
export function renewalTask(id: string, row: Authorisation, clinic: { readonly reference: string; readonly display: string }, by: Date, now: Date): Task & { id: string } {
  return {
    resourceType: 'Task',
    id,
    identifier: [{ system: `${CODES}-renewal`, value: row.id }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: coded('renew-authorisation', 'Renew the authorisation before it runs out'),
    focus: { reference: `Task/${row.id}` },
    for: { reference: `Patient/${row.patientId}` },
    authoredOn: now.toISOString(),
    lastModified: now.toISOString(),
    requester: clinic,
    performerType: [{ coding: [{ system: CAIRN_CODES, code: 'coordination' }], text: 'Care coordinator' }],
    restriction: { period: { end: by.toISOString() } },
  };
}
