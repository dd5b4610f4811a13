/** Cairn wrote a version of a resource, or deleted it. Ids: `type`, `id`, `version`. What comes over /fhir does not ring it. */
export const PROJECTION_WRITTEN = 'fhir.projection-written';
