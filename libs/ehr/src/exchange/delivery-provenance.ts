import type { Provenance } from '@medplum/fhirtypes';

/** What crossed to an EHR. */
export interface Crossed {
  /** `Type/id` and the version of what was sent. */
  readonly resource: string;
  readonly version: number;
  /** What the EHR calls the result, absolute. */
  readonly remoteUrl: string;
  readonly connection: string;
  readonly clinic: string;
  readonly recorded: Date;
}

const PARTICIPANT = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';

/**
 * Where a resource at an EHR comes from: the version of Cairn's that it was made from, who wrote it and who carried it. The EHR's side is
 * named logically, since it is no resource of this store.
 */
export const deliveryProvenance = ({ resource, version, remoteUrl, connection, clinic, recorded }: Crossed): Provenance => ({
  resourceType: 'Provenance',
  target: [{ reference: `${resource}/_history/${version}` }],
  recorded: recorded.toISOString(),
  activity: { coding: [{ system: 'urn:cairn:code', code: 'deliver-to-ehr' }] },
  agent: [
    { type: { coding: [{ system: PARTICIPANT, code: 'author' }] }, who: { display: clinic } },
    { type: { coding: [{ system: PARTICIPANT, code: 'transmitter' }] }, who: { identifier: { system: 'urn:cairn:system', value: 'cairn' }, display: 'Cairn' } },
  ],
  entity: [
    { role: 'source', what: { identifier: { system: 'urn:cairn:resource', value: resource }, display: `version ${version}` } },
    { role: 'derivation', what: { identifier: { system: 'urn:ietf:rfc:3986', value: remoteUrl }, display: connection } },
  ],
});
