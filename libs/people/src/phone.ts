import { parsePhoneNumberFromString, type CountryCode, type PhoneNumber } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/max/metadata';

export type { CountryCode } from 'libphonenumber-js/core';

/** The countries whose numbering plans are known. */
export const COUNTRIES = Object.keys(metadata.countries) as CountryCode[];

/** Reads a telephone number; one without a prefix is taken for a number of `country`. Undefined when it can't be a number there. */
export function parsePhone(text: string, country?: CountryCode): PhoneNumber | undefined {
  const phone = country ? parsePhoneNumberFromString(text, country, metadata) : parsePhoneNumberFromString(text, metadata);
  return phone?.isPossible() ? phone : undefined;
}

/** The number as people in `country` write it: short for one of their own, with its prefix for any other. Takes E.164. */
export function showPhone(number: string, country: CountryCode): string {
  const phone = parsePhone(number);
  if (!phone) return number;
  return phone.country === country ? phone.formatNational() : phone.formatInternational();
}
