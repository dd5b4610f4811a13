import { newId } from '@cairn/kernel';
import type { FhirStore } from '@cairn/fhir';
import { CAIRN_CODES } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import type { Task } from '@medplum/fhirtypes';
import type { EhrDelivery } from './delivery.entity.js';

/** Code of the Task that asks a person to compare Cairn's content with the EHR's. */
const RECONCILE = 'reconcile-with-ehr';

/** Opens a Task for a clinician: the resource was changed at the EHR and in Cairn. Returns its logical id. */
export async function openReconciliation(tx: Tx, store: FhirStore, delivery: EhrDelivery, connectionName: string): Promise<string> {
  const now = tx.clock.now().toISOString();
  const id = newId();
  const task: Task & { id: string } = {
    resourceType: 'Task',
    id,
    identifier: [{ system: 'urn:cairn:ehr-delivery', value: delivery.id }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: { coding: [{ system: CAIRN_CODES, code: RECONCILE }], text: 'Compare with the EHR' },
    description: `This was changed at ${connectionName} since Cairn last wrote it there. Compare both, then send Cairn's version again or leave the EHR's as it is.`,
    focus: { reference: `${delivery.resourceType}/${delivery.resourceId}/_history/${delivery.resourceVersion}` },
    for: { reference: `Patient/${delivery.patientId}` },
    authoredOn: now,
    lastModified: now,
    ...(delivery.remote && { input: [{ type: { coding: [{ system: CAIRN_CODES, code: 'resource-at-ehr' }] }, valueString: delivery.remote }] }),
  };
  await store.create(tx, task);
  return id;
}

/** Ends the Task: Cairn's version has gone out after all, or the EHR's was left in place. */
export async function closeReconciliation(tx: Tx, store: FhirStore, taskId: string, ended: 'completed' | 'cancelled'): Promise<void> {
  const task = await store.find(tx, 'Task', taskId);
  if (task?.status !== 'requested') return;
  await store.update(tx, { ...task, status: ended, lastModified: tx.clock.now().toISOString() });
}
