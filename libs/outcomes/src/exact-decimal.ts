declare global {
  interface JSON {
    /** ECMAScript's "JSON.parse source text access", which Node 22 and later have: a value that `JSON.stringify` writes as this text. */
    rawJSON(text: string): object;
  }
}

/**
 * A decimal that is stored with just these digits, so that 6.0 does not become 6: in FHIR R4 a decimal's places say how precise it is.
 * Typed as a number because FHIR's types know no other; it is for writing only, never for arithmetic.
 */
export function exactDecimal(text: string): number {
  const raw: unknown = JSON.rawJSON(text);
  return raw as number;
}
