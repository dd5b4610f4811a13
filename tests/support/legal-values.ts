import fc from 'fast-check';

/** JSON of values that are legal in FHIR R4, as text, so that every number keeps the digits it was drawn with: 1.10, 0E-2, -0.0. */

/** A member of a JSON object; undefined where it was not drawn. */
export type Member = readonly [key: string, json: string | undefined];

export const object = (...members: readonly Member[]): string => `{${members.flatMap(([key, json]) => (json === undefined ? [] : [`${JSON.stringify(key)}:${json}`])).join(',')}}`;
export const list = (elements: readonly string[]): string => `[${elements.join(',')}]`;
const maybe = (json: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> => fc.option(json, { nil: undefined });
export const some = (json: fc.Arbitrary<string>, maxLength = 3): fc.Arbitrary<string> => fc.array(json, { minLength: 1, maxLength }).map(list);

/** R4's string: something besides white space, and no control characters but tab and the ends of lines. */
const words = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((drawn) => `x${drawn.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}|\s/gu, '·')}`);
const string = words.map((text) => JSON.stringify(text));
const code = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/).map((text) => JSON.stringify(text));
const uri = fc.stringMatching(/^urn:x:[a-z0-9]{1,12}$/).map((text) => JSON.stringify(text));
const decimal = fc.stringMatching(/^-?(0|[1-9]\d{0,17})(\.\d{1,17})?([eE][+-]?\d{1,2})?$/);
const integer = fc.integer().map(String);
const boolean = fc.constantFrom('true', 'false');
const date = fc.constantFrom('"1970"', '"1970-05"', '"1970-05-17"');
const instant = fc.constantFrom('"2024-02-29T10:00:00Z"', '"2024-02-29T10:00:00.1200+05:30"', '"1999-12-31T23:59:59.999999999-12:00"');

const quantity = fc.tuple(decimal, maybe(string)).map(([value, unit]) => object(['value', value], ['unit', unit], ['system', '"http://unitsofmeasure.org"'], ['code', '"1"']));
const coding = fc.tuple(maybe(uri), code, maybe(string), maybe(boolean)).map(([system, value, display, selected]) => object(['system', system], ['code', value], ['display', display], ['userSelected', selected]));

export const extension: fc.Arbitrary<string> = fc.letrec<{ extension: string }>((tie) => ({
  extension: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc
      .tuple(
        uri,
        fc.oneof(
          string.map((json): Member => ['valueString', json]),
          decimal.map((json): Member => ['valueDecimal', json]),
          integer.map((json): Member => ['valueInteger', json]),
          boolean.map((json): Member => ['valueBoolean', json]),
          code.map((json): Member => ['valueCode', json]),
          date.map((json): Member => ['valueDate', json]),
          instant.map((json): Member => ['valueInstant', json]),
          quantity.map((json): Member => ['valueQuantity', json]),
          coding.map((json): Member => ['valueCoding', json]),
        ),
      )
      .map(([url, value]) => object(['url', url], value)),
    fc.tuple(uri, some(tie('extension'))).map(([url, inner]) => object(['url', url], ['extension', inner])),
  ),
})).extension;

/** A primitive that may have extensions, and then may have no value: `birthDate` with `_birthDate`. */
export const primitive = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member[]> =>
  fc.oneof(
    fc.constant<Member[]>([]),
    value.map((json): Member[] => [[name, json]]),
    fc.tuple(maybe(value), some(extension)).map(([json, extensions]): Member[] => [[name, json], [`_${name}`, object(['extension', extensions])]]),
  );

/** A list of primitives, of which each may lack its value or its extensions: `["a",null]` beside `[null,{…}]`. */
export const primitives = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member[]> =>
  fc.array(fc.oneof(fc.tuple(value, fc.constant(undefined)), fc.tuple(maybe(value), some(extension))), { maxLength: 4 }).map((elements): Member[] => {
    if (elements.length === 0) return [];
    const values = elements.map(([json]) => json ?? 'null');
    const beside = elements.map(([, extensions]) => (extensions === undefined ? 'null' : object(['extension', extensions])));
    return [...(values.some((json) => json !== 'null') ? [[name, list(values)] as const] : []), ...(beside.some((json) => json !== 'null') ? [[`_${name}`, list(beside)] as const] : [])];
  });

/** Values of each primitive type. */
export const PRIMITIVE_VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  base64Binary: fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => JSON.stringify(Buffer.from(bytes).toString('base64'))),
  boolean,
  canonical: fc.tuple(uri, fc.constantFrom('', '|1.0')).map(([url, version]) => JSON.stringify(JSON.parse(url) + version)),
  code,
  date,
  dateTime: fc.oneof(date, instant),
  decimal,
  id: fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/).map((text) => JSON.stringify(text)),
  instant,
  integer,
  markdown: string,
  oid: fc.constantFrom('"urn:oid:1.2.3"', '"urn:oid:2.16.840.1.113883"'),
  positiveInt: fc.integer({ min: 1, max: 2_147_483_647 }).map(String),
  string,
  time: fc.constantFrom('"10:00:00"', '"23:59:59.1200"'),
  unsignedInt: fc.integer({ min: 0, max: 2_147_483_647 }).map(String),
  uri,
  url: uri,
  uuid: fc.uuid().map((text) => JSON.stringify(`urn:uuid:${text}`)),
  xhtml: words.map((text) => JSON.stringify(`<div xmlns="http://www.w3.org/1999/xhtml"><p>${text.replace(/[&<>]/g, '-')}</p></div>`)),
};
