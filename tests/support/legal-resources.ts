import fc from 'fast-check';

/**
 * JSON of resources that are legal in FHIR R4, as text, so that every number keeps the digits it was drawn with: 1.10, 0E-2, -0.0. They carry what a
 * server need not understand, but must keep: extensions of any depth on resources, types and primitives, contained resources, and lists in their order.
 */

/** A member of a JSON object; undefined where it was not drawn. */
type Member = readonly [key: string, json: string | undefined];

const object = (...members: readonly Member[]): string => `{${members.flatMap(([key, json]) => (json === undefined ? [] : [`${JSON.stringify(key)}:${json}`])).join(',')}}`;
const list = (elements: readonly string[]): string => `[${elements.join(',')}]`;
const maybe = (json: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> => fc.option(json, { nil: undefined });
const some = (json: fc.Arbitrary<string>, maxLength = 3): fc.Arbitrary<string> => fc.array(json, { minLength: 1, maxLength }).map(list);

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

const extension: fc.Arbitrary<string> = fc.letrec<{ extension: string }>((tie) => ({
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

const concept = fc.tuple(some(coding), maybe(string)).map(([codings, text]) => object(['coding', codings], ['text', text]));

/** Never the code of the observation that it is a part of (rule obs-7). */
const partConcept = code.map((value) => `{"coding":[{"system":"urn:part","code":${value}}]}`);

/** A primitive that may have extensions, and then may have no value: `birthDate` with `_birthDate`. */
const primitive = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member[]> =>
  fc.oneof(
    fc.constant<Member[]>([]),
    value.map((json): Member[] => [[name, json]]),
    fc.tuple(maybe(value), some(extension)).map(([json, extensions]): Member[] => [[name, json], [`_${name}`, object(['extension', extensions])]]),
  );

/** A list of primitives, of which each may lack its value or its extensions: `["a",null]` beside `[null,{…}]`. */
const primitives = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member[]> =>
  fc.array(fc.oneof(fc.tuple(value, fc.constant(undefined)), fc.tuple(maybe(value), some(extension))), { maxLength: 4 }).map((elements): Member[] => {
    if (elements.length === 0) return [];
    const values = elements.map(([json]) => json ?? 'null');
    const beside = elements.map(([, extensions]) => (extensions === undefined ? 'null' : object(['extension', extensions])));
    return [...(values.some((json) => json !== 'null') ? [[name, list(values)] as const] : []), ...(beside.some((json) => json !== 'null') ? [[`_${name}`, list(beside)] as const] : [])];
  });

const humanName = fc
  .tuple(string, primitive('family', string), primitives('given', string), primitives('suffix', string))
  .map(([text, family, given, suffix]) => object(['text', text], ...family, ...given, ...suffix));
const identifier = fc.tuple(uri, string, maybe(concept)).map(([system, value, type]) => object(['type', type], ['system', system], ['value', value]));

const common = fc.tuple(maybe(some(extension)), maybe(some(coding)), maybe(some(uri))).map(([extensions, tags, profiles]): Member[] => [
  ...(tags || profiles ? [['meta', object(['profile', profiles], ['tag', tags])] as const] : []),
  ['extension', extensions],
]);

const patient = fc
  .tuple(common, maybe(some(identifier)), maybe(some(humanName)), primitive('birthDate', date), primitive('active', boolean), primitive('multipleBirthInteger', integer))
  .map(([shared, identifiers, names, ...rest]) => object(['resourceType', '"Patient"'], ...shared, ['identifier', identifiers], ['name', names], ...rest.flat()));

const observation = fc
  .tuple(common, concept, quantity, maybe(some(fc.tuple(partConcept, quantity).map(([of, value]) => object(['code', of], ['valueQuantity', value])))), primitive('issued', instant), fc.boolean())
  .map(([shared, of, value, components, issued, contains]) =>
    object(
      ['resourceType', '"Observation"'],
      ['contained', contains ? '[{"resourceType":"Patient","id":"in","birthDate":"1970"}]' : undefined],
      ...shared,
      ['status', '"final"'],
      ['code', of],
      ['subject', contains ? '{"reference":"#in"}' : undefined],
      ...issued,
      ['valueQuantity', value],
      ['component', components],
    ),
  );

const basic = fc.tuple(common, concept, primitive('created', date), maybe(some(identifier))).map(([shared, of, created, identifiers]) => object(['resourceType', '"Basic"'], ...shared, ['identifier', identifiers], ['code', of], ...created));

/** The JSON of an arbitrary legal Patient, Observation or Basic, without an id. */
export const legalResource: fc.Arbitrary<string> = fc.oneof(patient, observation, basic);
