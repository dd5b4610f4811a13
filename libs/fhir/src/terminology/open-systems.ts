/** A media type with its parameters (RFC 6838, 4.2; RFC 2045, 5.1). Only the form can be checked: types are registered all the time. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9*][\w!#$&^.+*-]{0,126}(?:\s*;.{0,500})?$/;

/** R4 itself lets formats be named so (CapabilityStatement.format, TestScript). */
const SHORT_FORMATS: ReadonlySet<string> = new Set(['json', 'xml', 'ttl', 'none']);

/** Intl knows the currencies of ISO 4217, those of the past included. */
const currencies = new Set(Intl.supportedValuesOf('currency'));

/**
 * Code systems that R4's definitions name but do not list. UCUM is a grammar, of which only the absence of spaces is checked.
 */
export const RULES_OF_SYSTEMS: Readonly<Record<string, (code: string) => boolean>> = {
  'urn:ietf:bcp:13': (code) => MEDIA_TYPE.test(code) || SHORT_FORMATS.has(code),
  'urn:iso:std:iso:4217': (code) => currencies.has(code),
  'http://unitsofmeasure.org': (code) => !/\s/.test(code),
};
