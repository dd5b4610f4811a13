/** How Cairn reaches one EHR: what a call needs to know of a connection. */
export interface EhrAddress {
  readonly connectionId: string;
  /** FHIR base, without a slash at the end. */
  readonly baseUrl: string;
  /** What the EHR calls Cairn. */
  readonly clientId: string;
  /** SMART scopes to ask for, separated by blanks. */
  readonly scopes: string;
  /** A header that a gateway before the EHR asks for, opened from its seal. */
  readonly gateway?: { readonly header: string; readonly key: string };
}

/** The headers that every call to this EHR carries. */
export const commonHeaders = ({ gateway }: EhrAddress): Record<string, string> => (gateway ? { [gateway.header.toLowerCase()]: gateway.key } : {});
