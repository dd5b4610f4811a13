import { CairnError } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';

/** Exchanged, but never kept: they say something about one request (R4 parameters.html, operationoutcome.html). */
const NOT_STORED: readonly ResourceType[] = ['Parameters', 'OperationOutcome'];

/** Evidence of what happened: created and read, never changed or deleted. */
const APPEND_ONLY: readonly ResourceType[] = ['AuditEvent', 'Provenance'];

export type RestInteraction = 'read' | 'vread' | 'update' | 'patch' | 'delete' | 'history-instance' | 'history-type' | 'create' | 'search-type';

/** What can be done with resources of a type. */
export function interactionsOf(type: ResourceType): readonly RestInteraction[] {
  if (NOT_STORED.includes(type)) return [];
  const always: RestInteraction[] = ['read', 'vread', 'history-instance', 'history-type', 'create', 'search-type'];
  return APPEND_ONLY.includes(type) ? always : [...always, 'update', 'patch', 'delete'];
}

/** Refuses with 405 what can't be done with the type. */
export function demandInteraction(type: ResourceType, interaction: RestInteraction): void {
  if (interactionsOf(type).includes(interaction)) return;
  // Evidence may be sent under an id of the sender's choice, as long as nothing stands there yet.
  if (interaction === 'update' && APPEND_ONLY.includes(type)) return;
  throw notAllowed(`${type} resources can't be used with the interaction "${interaction}".`);
}

/** Refuses with 405 a change to what may only be added. */
export function demandChangeable(type: ResourceType): void {
  if (APPEND_ONLY.includes(type)) throw notAllowed(`${type} resources can't be changed once they are there.`);
}

export const notAllowed = (message: string): CairnError => new CairnError('invalid', message, { status: 405, code: 'not-supported' });
