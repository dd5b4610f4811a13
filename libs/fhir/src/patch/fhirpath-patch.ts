import { DotAtom, SymbolAtom, type Atom } from '@medplum/core';
import { invalid } from '@cairn/kernel';
import type { JsonObject } from '../lossless/read-body.js';
import { rulesOf, type ElementRule } from '../validation/element-rules.js';
import { PathRefused, placesOf, readPath, type Place } from './fhirpath-places.js';
import { insertElement, lengthAt, removeAt, replaceAt, setMember, spanAt, textAt, type Pointer } from './json-edits.js';
import { readParameters, type Part } from './patch-parameters.js';
import { makeSteps, patchRefused } from './patch-refusal.js';

const TYPES = ['add', 'insert', 'delete', 'replace', 'move'] as const;

/** One operation of a FHIRPath Patch. */
interface Operation {
  readonly type: (typeof TYPES)[number];
  readonly path: Atom;
  readonly parts: ReadonlyMap<string, Part>;
  readonly at: string;
}

/**
 * Makes a FHIRPath Patch (R4 fhirpatch.html) ready: the result applies it to the compact JSON of a resource, of which everything that it
 * doesn't touch stays as it was written. Refuses with 400 what is no such patch; the result refuses with 422 what can't be done.
 */
export function fhirPathPatch(body: JsonObject): (json: string) => string {
  const operations = readParameters(body).map(readOperation);
  return (json) => makeSteps(json, operations, apply);
}

function readOperation({ name, parts, at }: Part): Operation {
  if (name !== 'operation') throw bad(`${at}.name`, 'Must be operation.');
  const byName = new Map(parts.map((part) => [part.name, part]));
  const word = textOf(byName.get('type'));
  const type = TYPES.find((each) => each === word);
  if (!type) throw bad(at, `Needs a part "type", one of ${TYPES.join(', ')}.`);
  const path = textOf(byName.get('path'));
  if (path === undefined) throw bad(at, 'Needs a part "path".');
  return { type, path: guarded(at, () => readPath(path), bad), parts: byName, at };
}

function apply(json: string, operation: Operation): string {
  const value: unknown = JSON.parse(json);
  const type = typeof value === 'object' && value !== null && 'resourceType' in value ? String(value.resourceType) : '';
  const root: Place = { pointer: [], type, value };
  return guarded(operation.at, () => ({ add, insert, delete: remove, replace, move })[operation.type](json, operation, root), patchRefused);
}

function add(json: string, { path, parts, at }: Operation, root: Place): string {
  const parent = theOne(placesOf(path, root), at);
  const name = textOf(parts.get('name'));
  if (name === undefined) throw patchRefused(at, 'Needs a part "name".');
  const value = valueIn(parts, at);
  const { key, rule } = elementNamed(parent.type, name, value, at);
  const pointer = [...parent.pointer, key];
  const text = textFor(rule, value);
  if (rule.isArray) {
    const length = lengthAt(json, pointer);
    return length === undefined ? setMember(json, parent.pointer, key, `[${text}]`) : insertElement(json, pointer, length, text);
  }
  if (spanAt(json, pointer)) throw patchRefused(at, 'The element is there already: use "replace".');
  return setMember(json, parent.pointer, key, text);
}

function insert(json: string, { path, parts, at }: Operation, root: Place): string {
  const value = valueIn(parts, at);
  const { pointer, rule } = listAt(json, path, root, at);
  const index = indexOf(parts, 'index', lengthAt(json, pointer) ?? 0, at);
  const text = textFor(rule, value);
  if (lengthAt(json, pointer) === undefined) return setMember(json, pointer.slice(0, -1), String(pointer.at(-1)), `[${text}]`);
  return insertElement(json, pointer, index, text);
}

function move(json: string, { path, parts, at }: Operation, root: Place): string {
  const { pointer } = listAt(json, path, root, at);
  const most = (lengthAt(json, pointer) ?? 0) - 1;
  const source = indexOf(parts, 'source', most, at);
  const destination = indexOf(parts, 'destination', most, at);
  const moved = textAt(json, [...pointer, source]) ?? '';
  return insertElement(removeAt(json, [...pointer, source]), pointer, destination, moved);
}

/** Deletes what the path leads to, with the id and extensions of a primitive; what isn't there needs no deletion. */
function remove(json: string, { path, at }: Operation, root: Place): string {
  const places = placesOf(path, root);
  if (places.length === 0) return json;
  const { pointer } = theOne(places, at);
  if (pointer.length === 0) throw patchRefused(at, 'The whole resource can not be deleted by a patch.');
  const without = [companionOf(pointer), pointer].reduce((text, each) => (spanAt(text, each) ? removeAt(text, each) : text), json);
  const list = pointer.slice(0, -1);
  // R4 json.html: there are no empty lists.
  return [companionOf(list), list].reduce((text, each) => (each.length > 0 && lengthAt(text, each) === 0 ? removeAt(text, each) : text), without);
}

function replace(json: string, { path, parts, at }: Operation, root: Place): string {
  const { pointer } = theOne(placesOf(path, root), at);
  const value = valueIn(parts, at);
  const last = pointer.at(-1);
  if (last === undefined) throw patchRefused(at, 'The whole resource can not be replaced by a patch: use PUT.');
  const key = typeof last === 'string' ? last : String(pointer.at(-2));
  const holder = pointer.slice(0, typeof last === 'string' ? -1 : -2);
  const before = rulesOf(typeAt(holder, root)).keys.get(key);
  const name = before?.element.replace('[x]', '') ?? key;
  const { key: now, rule } = elementNamed(typeAt(holder, root), name, value, at);
  const text = textFor(rule, value);
  if (typeof last === 'number') return replaceAt(json, pointer, text);
  const bare = spanAt(json, companionOf(pointer)) ? removeAt(json, companionOf(pointer)) : json;
  return now === key ? replaceAt(bare, pointer, text) : setMember(removeAt(bare, pointer), holder, now, text);
}

/** The list that a path names, be it empty, and what may stand in it. */
function listAt(json: string, path: Atom, root: Place, at: string): { readonly pointer: Pointer; readonly rule: ElementRule } {
  if (!(path instanceof DotAtom) || !(path.right instanceof SymbolAtom)) throw patchRefused(at, 'The path must end with the name of a list, such as Patient.name.');
  const parent = theOne(placesOf(path.left, root), at);
  const key = path.right.name;
  const rule = rulesOf(parent.type).keys.get(key);
  if (!rule?.isArray) throw patchRefused(at, 'The path does not lead to a list.');
  const pointer = [...parent.pointer, key];
  if (spanAt(json, companionOf(pointer))) throw patchRefused(at, 'The list has extensions on its values, which would lose their places. Use PUT.');
  return { pointer, rule };
}

/** The element of a type that a value is meant for: of a choice, the one of the value's type. */
function elementNamed(type: string, name: string, value: Part, at: string): { readonly key: string; readonly rule: ElementRule } {
  const { keys } = rulesOf(type);
  const chosen = `${name}${value.key?.slice('value'.length) ?? ''}`;
  const key = keys.has(name) ? name : chosen;
  const rule = keys.get(key);
  if (!rule || (key !== name && rule.element !== `${name}[x]`)) throw patchRefused(at, 'There is no such element, or not with a value of this type.');
  return { key, rule };
}

/** The JSON of a value, which an element without a type of its own gets part by part (R4 fhirpatch.html). */
function textFor(rule: ElementRule, value: Part): string {
  if (value.text !== undefined) return value.text;
  const members = new Map<string, string[]>();
  const lists = new Set<string>();
  for (const part of value.parts) {
    const { key, rule: inner } = elementNamed(rule.type, part.name, part, part.at);
    members.set(key, [...(members.get(key) ?? []), textFor(inner, part)]);
    if (inner.isArray) lists.add(key);
    else if ((members.get(key)?.length ?? 0) > 1) throw patchRefused(part.at, 'The element may stand only once.');
  }
  return `{${[...members].map(([key, texts]) => `${JSON.stringify(key)}:${lists.has(key) ? `[${texts.join(',')}]` : (texts[0] ?? '')}`).join(',')}}`;
}

/** The type of the element at a pointer of the resource. */
function typeAt(pointer: Pointer, root: Place): string {
  let { type, value } = root;
  for (const step of pointer) {
    value = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[step] : undefined;
    if (typeof step === 'string') type = rulesOf(type).keys.get(step)?.type ?? type;
    if (type === 'Resource' && typeof value === 'object' && value !== null && 'resourceType' in value) type = String(value.resourceType);
  }
  return type;
}

/** Where the id and extensions of a primitive stand. */
function companionOf(pointer: Pointer): Pointer {
  const index = pointer.findLastIndex((step) => typeof step === 'string');
  return pointer.map((step, at) => (at === index ? `_${step}` : step));
}

function theOne(places: readonly Place[], at: string): Place {
  const [place] = places;
  if (!place || places.length > 1) throw patchRefused(at, `The path must lead to one element, but leads to ${places.length === 0 ? 'none' : 'several'}.`);
  return place;
}

function valueIn(parts: ReadonlyMap<string, Part>, at: string): Part {
  const value = parts.get('value');
  if (!value || (value.text === undefined && value.parts.length === 0)) throw patchRefused(at, 'Needs a part "value" with a value.');
  return value;
}

function indexOf(parts: ReadonlyMap<string, Part>, name: string, most: number, at: string): number {
  const text = parts.get(name)?.text ?? '';
  if (!/^\d{1,9}$/.test(text) || Number(text) > most) throw patchRefused(at, `Needs a part "${name}" that is a place in the list.`);
  return Number(text);
}

function textOf(part: Part | undefined): string | undefined {
  const value: unknown = part?.text === undefined ? undefined : JSON.parse(part.text);
  return typeof value === 'string' ? value : undefined;
}

/** Runs what may find a path wanting, and tells of it as the refusal of this place in the patch. */
function guarded<T>(at: string, work: () => T, refusal: (at: string, message: string) => Error): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof PathRefused ? refusal(at, error.message) : error;
  }
}

const bad = (path: string, message: string) => invalid('The body is not a FHIRPath Patch.', { code: 'bad-patch', issues: [{ path, message }] });
