/** The FHIR server whose resource a `fullUrl` names, against which its relative references are read; undefined for any other `fullUrl`, such as a `urn:uuid:`. */
export const baseOf = (fullUrl: string | undefined): string | undefined => fullUrl && /^(https?:\/\/.+)\/[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.exec(fullUrl)?.[1];
