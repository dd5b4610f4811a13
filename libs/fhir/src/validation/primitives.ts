import { validationRegexes } from '@medplum/core';

/** JSON kind and value rule of a FHIR primitive type (R4 datatypes.html#primitive). */
interface Primitive {
  readonly json: 'string' | 'number' | 'boolean';
  /** What is wrong with a value of the right JSON kind; undefined when nothing is. */
  readonly fault?: (value: string | number | boolean) => string | undefined;
}

/** R4: a string is at most 1 MB. */
const MAX_STRING = 1024 * 1024;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

const string = (pattern: RegExp | undefined, form: string): Primitive => ({
  json: 'string',
  fault: (value) => {
    const text = String(value);
    if (text.length > MAX_STRING) return 'is longer than 1 MB';
    if (text.trim() === '') return 'is empty';
    return pattern && !pattern.test(text) ? `is not ${form}` : undefined;
  },
});

const dated = (pattern: RegExp | undefined, form: string): Primitive => ({
  json: 'string',
  fault: (value) => {
    const text = String(value);
    if (pattern && !pattern.test(text)) return `is not ${form}`;
    return dayExists(text) ? undefined : 'names a day that its month does not have';
  },
});

function dayExists(date: string): boolean {
  if (date.length < 10) return true;
  const month = Number(date.slice(5, 7));
  const days = month === 2 ? (isLeap(Number(date.slice(0, 4))) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return Number(date.slice(8, 10)) <= days;
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const integer = (low: number, high: number): Primitive => ({
  json: 'number',
  fault: (value) => {
    if (!Number.isInteger(value)) return 'is not a whole number';
    return Number(value) < low || Number(value) > high ? `is not between ${low} and ${high}` : undefined;
  },
});

const MAX_INTEGER = 2_147_483_647;
const { canonical, code, date, dateTime, instant, markdown, oid, time, uri, url, uuid } = validationRegexes;

/** All primitive types by name. */
export const PRIMITIVES: Readonly<Record<string, Primitive>> = {
  base64Binary: {
    json: 'string',
    fault: (value) => {
      const text = String(value).replace(/\s+/g, '');
      return text.length % 4 === 0 && BASE64.test(text) ? undefined : 'is not base64';
    },
  },
  boolean: { json: 'boolean' },
  canonical: string(canonical, 'a canonical URL without spaces'),
  code: string(code, 'a code: no space at its ends and none doubled'),
  date: dated(date, 'a date such as 2024, 2024-05 or 2024-05-17'),
  dateTime: dated(dateTime, 'a date or a time with seconds and zone, such as 2024-05-17T10:00:00Z'),
  decimal: { json: 'number' },
  id: string(ID, 'an id of 1 to 64 letters, digits, "-" and "."'),
  instant: dated(instant, 'a time with seconds and zone, such as 2024-05-17T10:00:00Z'),
  integer: integer(-MAX_INTEGER - 1, MAX_INTEGER),
  markdown: string(markdown, 'text without control characters'),
  oid: string(oid, 'an OID such as urn:oid:1.2.3'),
  positiveInt: integer(1, MAX_INTEGER),
  string: string(validationRegexes['string'], 'text without control characters'),
  time: string(time, 'a time such as 10:00:00'),
  unsignedInt: integer(0, MAX_INTEGER),
  uri: string(uri, 'a URI without spaces'),
  url: string(url, 'a URL without spaces'),
  uuid: string(uuid, 'a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520'),
  xhtml: { json: 'string', fault: (value) => (String(value).trim() === '' ? 'is empty' : undefined) },
  // The definitions name the type of a few elements so: ids of elements, and the URL of an extension.
  'http://hl7.org/fhirpath/System.String': { json: 'string' },
};
