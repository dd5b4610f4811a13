import { isDeepStrictEqual } from 'node:util';
import { invalid } from '@cairn/kernel';
import { elementsOf, membersOf } from '../lossless/json-parts.js';
import { insertElement, lengthAt, removeAt, replaceAt, setMember, spanAt, textAt, type Pointer } from './json-edits.js';
import { makeSteps, patchRefused } from './patch-refusal.js';

const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

/** One operation of a JSON Patch. Its value is kept as text, so that numbers keep their digits. */
interface Operation {
  readonly op: (typeof OPERATIONS)[number];
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: string;
  /** Where it stands in the patch: `[2]`. */
  readonly at: string;
}

/**
 * Makes a JSON Patch (RFC 6902) ready: the result applies it to compact JSON, of which everything that it doesn't touch stays as it was
 * written. Refuses with 400 a text that is no JSON Patch; the result refuses with 422 what can't be done, a failing test included.
 */
export function jsonPatch(text: string): (json: string) => string {
  if (!text.startsWith('[')) throw bad('', 'Must be a list of operations (RFC 6902).');
  const operations = elementsOf(text, 0).map(({ start, end }, index) => readOperation(text.slice(start, end), `[${index}]`));
  return (json) => makeSteps(json, operations, apply);
}

function readOperation(text: string, at: string): Operation {
  if (!text.startsWith('{')) throw bad(at, 'Must be an object.');
  const texts = new Map(membersOf(text).map(({ key, valueStart, end }) => [key, text.slice(valueStart, end)]));
  const op = OPERATIONS.find((each) => texts.get('op') === `"${each}"`);
  if (!op) throw bad(`${at}.op`, `Must be one of ${OPERATIONS.join(', ')}.`);
  const value = texts.get('value');
  if (value === undefined && (op === 'add' || op === 'replace' || op === 'test')) throw bad(`${at}.value`, 'Is required and missing.');
  return {
    op,
    at,
    path: readPointer(texts.get('path'), `${at}.path`),
    from: op === 'move' || op === 'copy' ? readPointer(texts.get('from'), `${at}.from`) : [],
    value: value ?? '',
  };
}

/** A JSON Pointer (RFC 6901), unescaped. */
function readPointer(text: string | undefined, at: string): string[] {
  const pointer: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/')) || /~(?![01])/.test(pointer)) throw bad(at, 'Must be a JSON Pointer such as /name/0/family.');
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function apply(json: string, { op, path, from, value, at }: Operation): string {
  switch (op) {
    case 'add':
      return add(json, path, value, `${at}.path`);
    case 'remove':
      return remove(json, path, `${at}.path`);
    case 'replace':
      return path.length === 0 ? value : replaceAt(json, existing(json, path, `${at}.path`), value);
    case 'move': {
      if (from.length < path.length && from.every((token, index) => path[index] === token)) throw patchRefused(`${at}.path`, 'A value can not be moved into itself.');
      const moved = textAt(json, existing(json, from, `${at}.from`)) ?? '';
      return add(remove(json, from, `${at}.from`), path, moved, `${at}.path`);
    }
    case 'copy':
      return add(json, path, textAt(json, existing(json, from, `${at}.from`)) ?? '', `${at}.path`);
    case 'test': {
      const is = textAt(json, existing(json, path, `${at}.path`)) ?? '';
      if (!isDeepStrictEqual(JSON.parse(is), JSON.parse(value))) throw patchRefused(`${at}.value`, 'The test failed: the resource says something else.');
      return json;
    }
  }
}

function add(json: string, path: readonly string[], value: string, at: string): string {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = existing(json, path.slice(0, -1), at);
  const length = lengthAt(json, parent);
  if (length !== undefined) return insertElement(json, parent, last === '-' ? length : indexIn(last, length, at), value);
  if (json[spanAt(json, parent)?.start ?? 0] !== '{') throw patchRefused(at, 'Stands in something that is neither an object nor a list.');
  return setMember(json, parent, last, value);
}

function remove(json: string, path: readonly string[], at: string): string {
  if (path.length === 0) throw patchRefused(at, 'The whole resource can not be removed by a patch.');
  return removeAt(json, existing(json, path, at));
}

/** The pointer, with indexes where it passes arrays. Refuses one that leads to nothing. */
function existing(json: string, path: readonly string[], at: string): Pointer {
  const pointer: (string | number)[] = [];
  for (const token of path) {
    const length = lengthAt(json, pointer);
    pointer.push(length === undefined ? token : indexIn(token, length - 1, at));
    if (!spanAt(json, pointer)) throw patchRefused(at, 'Leads to nothing in the resource.');
  }
  return pointer;
}

function indexIn(token: string, most: number, at: string): number {
  if (!/^(0|[1-9]\d{0,8})$/.test(token) || Number(token) > most) throw patchRefused(at, 'Names no place in the list.');
  return Number(token);
}

const bad = (path: string, message: string) => invalid('The body is not a JSON Patch.', { code: 'bad-patch', issues: [{ path, message }] });
