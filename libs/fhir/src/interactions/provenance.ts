import { newId } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Provenance } from '@medplum/fhirtypes';
import { OWN_LABELS } from '../access/label-bits.js';
import { labelsOf } from '../access/sensitivity.js';
import type { References } from '../search-index/references.js';
import { nameOf } from '../store/stored-version.js';
import type { Change } from '../store/write-resources.js';

/** Resources about resources need no Provenance of their own; and that of a Subscription, which is its client's alone, would tell others that it is there. */
const UNTOLD = new Set(['Provenance', 'AuditEvent', 'Subscription']);

const ACTIVITY = { POST: 'CREATE', PUT: 'UPDATE', PATCH: 'UPDATE', DELETE: 'DELETE' } as const;

/**
 * The Provenance of what an outside system writes in one request: which versions it made, when, through which client, and what the
 * resources were at their source, where they say so in `meta`. Undefined when there is nothing to tell.
 */
export function provenanceOf(tx: Tx, changes: readonly Change[], references: References): Change | undefined {
  const { actor } = tx.scope;
  const told = changes.filter(({ type }) => !UNTOLD.has(type));
  const [first] = told;
  if (actor.kind !== 'system' || !first) return undefined;
  const provenance: Provenance = {
    resourceType: 'Provenance',
    target: told.map((change) => ({ reference: `${nameOf(change)}/_history/${(change.previous?.version ?? 0) + 1}` })),
    recorded: tx.clock.now().toISOString(),
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: ACTIVITY[first.method] }] },
    agent: [
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'transmitter' }] },
        who: { identifier: { system: 'urn:cairn:client', value: actor.id }, display: actor.name },
      },
    ],
  };
  const entity = told.flatMap(sourceOf);
  if (entity.length > 0) provenance.entity = entity;
  const patients = [...new Set(told.flatMap(({ content, id, previous }) => (content ? references.patientsOf(content.value, id) : (previous?.patientIds ?? []))))];
  // What tells of a labelled resource is as sensitive as that it is there.
  const labels = told.reduce((bits, { content, previous }) => bits | (content ? labelsOf(content.value) : 0) | ((previous?.labels ?? 0) & OWN_LABELS), 0);
  return { method: 'POST', labels, type: 'Provenance', id: newId(), owner: 'cairn', content: { json: JSON.stringify(provenance), value: { ...provenance } }, patients };
}

/** Where the resource says it comes from, and its version there. */
function sourceOf({ content }: Change): NonNullable<Provenance['entity']> {
  const meta = content?.value['meta'];
  if (typeof meta !== 'object' || meta === null || !('source' in meta) || typeof meta.source !== 'string') return [];
  const version = 'versionId' in meta && typeof meta.versionId === 'string' ? { display: `version ${meta.versionId}` } : {};
  return [{ role: 'source', what: { identifier: { system: 'urn:ietf:rfc:3986', value: meta.source }, ...version } }];
}
