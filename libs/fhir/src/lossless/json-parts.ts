/**
 * Finding and replacing parts of compact JSON without reading it into objects, so that what isn't touched stays as it was written. All
 * functions expect the output of `compactJson`.
 */

/** One `"key":value` of an object, as positions in the JSON text. */
export interface Member {
  readonly key: string;
  /** Where the key's opening quote stands. */
  readonly start: number;
  readonly valueStart: number;
  /** Behind the value's last character. */
  readonly end: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The position behind the value that begins at `start`. */
export function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return endOfString(json, start);
  if (first !== '{' && first !== '[') {
    let at = start;
    while (at < json.length && !',]}'.includes(json.charAt(at))) at++;
    return at;
  }
  let depth = 0;
  for (let at = start; ; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x22) at = endOfString(json, at) - 1;
    else if (code === 0x7b || code === 0x5b) depth++;
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return at + 1;
  }
}

function endOfString(json: string, start: number): number {
  let at = start;
  for (;;) {
    at = json.indexOf('"', at + 1);
    let backslashes = 0;
    while (json.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

/** The members of the object that begins at `start`, in order. */
export function membersOf(json: string, start = 0): Member[] {
  const members: Member[] = [];
  let at = start + 1;
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const valueStart = keyEnd + 1;
    const end = endOfValue(json, valueStart);
    members.push({ key: JSON.parse(json.slice(at, keyEnd)) as string, start: at, valueStart, end });
    at = json[end] === ',' ? end + 1 : end;
  }
  return members;
}

/** The elements of the array that begins at `start`, in order. */
export function elementsOf(json: string, start: number): Span[] {
  const spans: Span[] = [];
  let at = start + 1;
  while (json[at] !== ']') {
    const end = endOfValue(json, at);
    spans.push({ start: at, end });
    at = json[end] === ',' ? end + 1 : end;
  }
  return spans;
}
