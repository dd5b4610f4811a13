import { invalid } from '@cairn/kernel';
import { elementsOf, membersOf } from '../lossless/json-parts.js';
import type { JsonObject } from '../lossless/read-body.js';
import { validate } from '../validation/validate.js';

/** A parameter of a Parameters resource: a value as text, so that numbers keep their digits, or parameters of its own. */
export interface Part {
  readonly name: string;
  /** The key of the value, such as `valueString`. */
  readonly key?: string;
  readonly text?: string;
  readonly parts: readonly Part[];
  /** Where it stands: `Parameters.parameter[0].part[1]`. */
  readonly at: string;
}

/** The parameters of a Parameters resource. Refuses with 400 a body that is none, or not valid. */
export function readParameters(body: JsonObject): Part[] {
  if (body.value['resourceType'] !== 'Parameters') {
    throw invalid('The body is not a Parameters resource.', { code: 'bad-patch', issues: [{ path: 'resourceType', message: 'Must be Parameters.' }] });
  }
  validate(body.value);
  return partsAt(body.json, 0, 'parameter', 'Parameters');
}

function partsAt(json: string, start: number, key: 'parameter' | 'part', path: string): Part[] {
  const list = membersOf(json, start).find((member) => member.key === key);
  if (!list) return [];
  return elementsOf(json, list.valueStart).map((element, index): Part => {
    const members = membersOf(json, element.start);
    const at = `${path}.${key}[${index}]`;
    const name = members.find((member) => member.key === 'name');
    const value = members.find((member) => /^value[A-Z]/.test(member.key));
    return {
      at,
      name: name ? (JSON.parse(json.slice(name.valueStart, name.end)) as string) : '',
      parts: partsAt(json, element.start, 'part', at),
      ...(value ? { key: value.key, text: json.slice(value.valueStart, value.end) } : {}),
    };
  });
}
