import type { Patient } from '@medplum/fhirtypes';
import { searchText } from '../search-index/search-text.js';

/** What patients are compared by, in the form in which it is compared. */
export interface Demographics {
  /** `system|value` of identifiers that are in use and have a namespace. */
  readonly identifiers: readonly string[];
  readonly family: readonly string[];
  readonly given: readonly string[];
  readonly birthDate: readonly string[];
  readonly gender: readonly string[];
  /** Digits alone, without zeros in front. */
  readonly phone: readonly string[];
  readonly email: readonly string[];
  readonly address: readonly Home[];
}

/** Where somebody lives; empty where it isn't said. */
export interface Home {
  readonly postalCode: string;
  readonly city: string;
  readonly line: string;
}

/** An identifier that no longer holds, or only for a while, tells nothing. */
const PASSING: ReadonlySet<string | undefined> = new Set(['old', 'temp']);

/** These say that it isn't known, or nothing that two records would agree on. */
const TELLING_GENDERS: ReadonlySet<string> = new Set(['male', 'female']);

/** The facts of a Patient that it can be recognised by. */
export function demographicsOf({ identifier = [], name = [], birthDate, gender, telecom = [], address = [] }: Patient): Demographics {
  const reached = (systems: readonly string[]): string[] => telecom.flatMap(({ system, value }) => (value && system && systems.includes(system) ? [value] : []));
  return {
    identifiers: identifier.flatMap(({ system, value, use }) => (system && value && !PASSING.has(use) ? [`${system}|${value}`] : [])),
    family: texts(name.flatMap(({ family }) => family ?? [])),
    given: texts(name.flatMap(({ given }) => given?.[0] ?? [])),
    birthDate: birthDate ? [birthDate] : [],
    gender: gender && TELLING_GENDERS.has(gender) ? [gender] : [],
    phone: reached(['phone', 'sms']).map((value) => value.replace(/\D/g, '').replace(/^0+/, '')).filter((digits) => digits !== ''),
    email: reached(['email']).map((value) => value.trim().toLowerCase()),
    address: address.map(({ postalCode = '', city = '', line = [] }) => ({ postalCode: plain(postalCode), city: plain(city), line: plain(line[0] ?? '') })),
  };
}

const texts = (values: readonly string[]): string[] => values.map(plain).filter((text) => text !== '');

/** Without case, accents and punctuation. */
const plain = (text: string): string => searchText(text).replace(/[^\p{L}\p{N}]+/gu, '');
