import { elementsOf, membersOf } from './json-parts.js';

/** Compact JSON set on lines for people to read. Only white space between tokens is added: numbers and texts stand as they were. */
export function prettyJson(json: string): string {
  return laidOut(json, 0, json.length, '');
}

function laidOut(json: string, start: number, end: number, indent: string): string {
  const inner = `${indent}  `;
  if (json[start] === '{') {
    const members = membersOf(json, start);
    if (members.length === 0) return '{}';
    const lines = members.map((member) => `${inner}${json.slice(member.start, member.valueStart)} ${laidOut(json, member.valueStart, member.end, inner)}`);
    return `{\n${lines.join(',\n')}\n${indent}}`;
  }
  if (json[start] === '[') {
    const elements = elementsOf(json, start);
    if (elements.length === 0) return '[]';
    return `[\n${elements.map((element) => `${inner}${laidOut(json, element.start, element.end, inner)}`).join(',\n')}\n${indent}]`;
  }
  return json.slice(start, end);
}
