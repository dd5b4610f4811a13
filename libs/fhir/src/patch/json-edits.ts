import { elementsOf, endOfValue, membersOf, type Span } from '../lossless/json-parts.js';

/** The way from the root of a JSON text to a value in it: keys of objects and indexes of arrays. */
export type Pointer = readonly (string | number)[];

/** Where a value stands; undefined where nothing does. Expects compact JSON, as all functions here. */
export function spanAt(json: string, pointer: Pointer): Span | undefined {
  let span: Span = { start: 0, end: json.length };
  for (const step of pointer) {
    const inside: Span | undefined = typeof step === 'number' ? element(json, span.start, step) : member(json, span.start, step);
    if (!inside) return undefined;
    span = inside;
  }
  return span;
}

/** The text of a value; undefined where nothing stands. */
export function textAt(json: string, pointer: Pointer): string | undefined {
  const span = spanAt(json, pointer);
  return span && json.slice(span.start, span.end);
}

/** The JSON with the value at the pointer, which must be there, replaced. */
export function replaceAt(json: string, pointer: Pointer, text: string): string {
  const { start, end } = demand(spanAt(json, pointer));
  return json.slice(0, start) + text + json.slice(end);
}

/** The JSON with a member of the object at the pointer replaced where it is, else added at the object's end. */
export function setMember(json: string, pointer: Pointer, key: string, text: string): string {
  if (spanAt(json, [...pointer, key])) return replaceAt(json, [...pointer, key], text);
  const { end } = demand(spanAt(json, pointer));
  const comma = json[end - 2] === '{' ? '' : ',';
  return `${json.slice(0, end - 1)}${comma}${JSON.stringify(key)}:${text}${json.slice(end - 1)}`;
}

/** The JSON with an element put into the array at the pointer, before the one at `index`, or behind the last. */
export function insertElement(json: string, pointer: Pointer, index: number, text: string): string {
  const { start, end } = demand(spanAt(json, pointer));
  const elements = elementsOf(json, start);
  const next = elements[index];
  if (next) return `${json.slice(0, next.start)}${text},${json.slice(next.start)}`;
  return `${json.slice(0, end - 1)}${elements.length > 0 ? ',' : ''}${text}${json.slice(end - 1)}`;
}

/** The JSON without the member or element at the pointer, which must be there. */
export function removeAt(json: string, pointer: Pointer): string {
  const last = pointer.at(-1);
  const { start: container } = demand(spanAt(json, pointer.slice(0, -1)));
  const members = typeof last === 'string' ? membersOf(json, container) : undefined;
  const siblings: readonly Span[] = members ?? elementsOf(json, container);
  const index = members ? members.findIndex(({ key }) => key === last) : Number(last);
  const gone = demand(siblings[index]);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  if (before) return json.slice(0, before.end) + json.slice(gone.end);
  return json.slice(0, gone.start) + json.slice(after ? after.start : gone.end);
}

/** How many elements the array at the pointer has; undefined where no array stands. */
export function lengthAt(json: string, pointer: Pointer): number | undefined {
  const span = spanAt(json, pointer);
  return span && json[span.start] === '[' ? elementsOf(json, span.start).length : undefined;
}

function member(json: string, start: number, key: string): Span | undefined {
  if (json[start] !== '{') return undefined;
  const found = membersOf(json, start).find((each) => each.key === key);
  return found && { start: found.valueStart, end: found.end };
}

function element(json: string, start: number, index: number): Span | undefined {
  if (json[start] !== '[') return undefined;
  const found = elementsOf(json, start)[index];
  return found && { start: found.start, end: endOfValue(json, found.start) };
}

function demand<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('The JSON has nothing at this place.');
  return found;
}
