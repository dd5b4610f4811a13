/**
 * Cairn wrote a version of a resource of the type, or deleted it. Ids: `type`, `id`, `version`. What comes over /fhir does not ring it. The type is part of the
 * name, so that nobody is given work by what doesn't concern them.
 */
export const projectionWritten = (type: string): string => `fhir.projection-written.${type}`;
