import { describe, expect, it } from '@jest/globals';
import { CairnError } from '@cairn/kernel';
import fc from 'fast-check';
import { compactJson } from './compact-json.js';
import { elementsOf, membersOf } from './json-parts.js';
import { replaceLinks } from './links.js';
import { readBody } from './read-body.js';
import { stampResource, stampValue } from './resource-text.js';

const limits = { maxDepth: 50 };

/** JSON as text in which numbers keep the form they were drawn in: 1.10, -0, 3e2. */
const jsonText = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text.replaceAll('\0', ''))),
    fc.tuple(fc.constantFrom('', '-'), fc.nat(), fc.stringMatching(/^(\.\d{1,6})?([eE][+-]?\d{1,2})?$/)).map(([sign, whole, rest]) => `${sign}${whole}${rest}`),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => `[${values.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), tie('value')), { maxLength: 5, selector: ([key]) => key })
    .map((pairs) => `{${pairs.map(([key, value]) => `${JSON.stringify(key.replaceAll('\0', '?') + key.length)}:${value}`).join(',')}}`),
}));

const spaced = (json: string): string => {
  let inString = false;
  return json.replace(/\\.|["[\]{},:]/g, (token) => {
    if (token === '"') inString = !inString;
    return inString || token.startsWith('\\') || token === '"' ? token : ` \n\t${token} `;
  });
};

const refusal = (text: string | Buffer): CairnError => {
  try {
    readBody(text, limits);
  } catch (error) {
    if (error instanceof CairnError) return error;
    throw error;
  }
  throw new Error('was accepted');
};

describe('compact JSON', () => {
  it('keeps every token as it was written and only drops white space', () => {
    fc.assert(
      fc.property(jsonText.object, (json) => {
        expect(compactJson(spaced(json), limits)).toBe(json);
        expect(compactJson(json, limits)).toBe(json);
      }),
    );
  });

  it('accepts exactly what JSON.parse accepts, but for its own refusals', () => {
    fc.assert(
      fc.property(jsonText.value, fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', '0', 'x', '\\', '-', 'e', '.'), (json, position, insert) => {
        const at = position % (json.length + 1);
        const text = json.slice(0, at) + insert + json.slice(at + (position % 2));
        let parsed = true;
        try {
          JSON.parse(text);
        } catch {
          parsed = false;
        }
        try {
          compactJson(text, limits);
          expect(parsed).toBe(true);
        } catch (error) {
          if (!(error instanceof CairnError)) throw error;
          if (parsed) expect(['duplicate-key', 'null-character', 'invalid-unicode', 'number-too-large']).toContain(error.code);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a key that stands twice', '{"a":1,"a":2}', 'duplicate-key'],
    ['a key that stands twice, once escaped', '{"a":1,"\\u0061":2}', 'duplicate-key'],
    ['U+0000', '{"a":"\\u0000"}', 'null-character'],
    ['a high surrogate alone', '{"a":"\\ud800"}', 'invalid-unicode'],
    ['surrogates in the wrong order', '{"a":"\\udc00\\ud800"}', 'invalid-unicode'],
    ['1e140000', '{"a":1e140000}', 'number-too-large'],
    ['-1e400', '{"a":-1e400}', 'number-too-large'],
    ['1,000 arrays in one another', `${'['.repeat(1000)}${']'.repeat(1000)}`, 'too-deep'],
    ['100,000 arrays that are never closed', '['.repeat(100_000), 'too-deep'],
    ['a leading zero', '{"a":01}', 'invalid-json'],
    ['a control character in a string', '{"a":"\u0001"}', 'invalid-json'],
    ['text behind the end', '{"a":1}}', 'invalid-json'],
    ['nothing', '', 'invalid-json'],
    ['an array', '[]', 'invalid-json'],
    ['a string', '"text"', 'invalid-json'],
  ])('refuses %s', (_what, text, code) => {
    expect(refusal(text)).toMatchObject({ kind: 'invalid', code });
  });

  it('says where it stopped and never repeats what was sent', () => {
    const error = refusal('{\n  "name": "Secret",\n  "x": tru\n}');
    expect(error.message).toContain('line 3, column 8');
    expect(error.message).not.toContain('Secret');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toMatchObject({ code: 'invalid-unicode' });
  });
});

describe('parts of compact JSON', () => {
  it('finds members and elements where JSON.parse finds them', () => {
    fc.assert(
      fc.property(jsonText.object, (json) => {
        const value = JSON.parse(json) as Record<string, unknown>;
        const members = membersOf(json);
        expect(new Map(members.map(({ key, valueStart, end }) => [key, JSON.parse(json.slice(valueStart, end)) as unknown]))).toEqual(
          new Map(Object.entries(value)),
        );
      }),
    );
    expect(elementsOf('[1,{"a":[2]},"]"]', 0).map(({ start, end }) => '[1,{"a":[2]},"]"]'.slice(start, end))).toEqual(['1', '{"a":[2]}', '"]"']);
  });
});

describe('the stamp of a version', () => {
  const stamp = { id: 'x1', versionId: 3, lastUpdated: new Date('2026-01-02T03:04:05.678Z') };

  it('changes nothing but id, versionId and lastUpdated', () => {
    fc.assert(
      fc.property(jsonText.object, fc.constantFrom('', '"id":"old",'), fc.constantFrom('', '"meta":{"tag":[{"code":"t"}],"versionId":"9"},'), (rest, id, meta) => {
        const json = `{"resourceType":"Basic",${id}${meta}"rest":${rest}}`;
        const stamped = stampResource(json, stamp);
        expect(stamped).toContain(`"rest":${rest}}`);
        const value = JSON.parse(stamped) as Record<string, unknown>;
        expect(value).toEqual({
          ...(JSON.parse(json) as Record<string, unknown>),
          id: 'x1',
          meta: { ...(meta ? { tag: [{ code: 't' }] } : {}), versionId: '3', lastUpdated: '2026-01-02T03:04:05.678Z' },
        });
        expect(stampValue(JSON.parse(json) as Record<string, unknown>, stamp)).toEqual(value);
      }),
    );
  });

  it('keeps decimals, primitive extensions and the order of keys', () => {
    const json = '{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueDecimal":1.10}]},"birthDate":"2000-01-01"}';
    expect(stampResource(json, stamp)).toBe(
      '{"resourceType":"Patient","id":"x1","meta":{"versionId":"3","lastUpdated":"2026-01-02T03:04:05.678Z"},"_birthDate":{"extension":[{"url":"u","valueDecimal":1.10}]},"birthDate":"2000-01-01"}',
    );
  });
});

describe('links', () => {
  it('are replaced where they are links, not where they are text', () => {
    const json = '{"a":{"reference":"urn:uuid:1"},"b":"\\"reference\\":\\"urn:uuid:1\\"","url":"urn:uuid:1","value":"urn:uuid:1","n":1.0}';
    expect(replaceLinks(json, ({ value }) => (value === 'urn:uuid:1' ? 'Patient/p' : undefined))).toBe(
      '{"a":{"reference":"Patient/p"},"b":"\\"reference\\":\\"urn:uuid:1\\"","url":"Patient/p","value":"urn:uuid:1","n":1.0}',
    );
  });
});
