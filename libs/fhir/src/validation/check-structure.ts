import { isResourceType } from '../definitions/structures.js';
import type { CodeSet } from '../terminology/code-set.js';
import { rulesOf, type ElementRule } from './element-rules.js';
import type { Fault, FaultType } from './fault.js';
import { isAddress } from './reference-targets.js';
import { narrativeFaults } from './narrative.js';
import { PRIMITIVES } from './primitives.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Every fault that an element shows by itself: unknown elements, missing ones, too many or too few, values of the wrong kind or form, empty
 * ones, codes that a required value set doesn't have, narratives that are none. Stops after `most`. The resource's own type must be known.
 */
export function structuralFaults(resource: Fields, type: string, most: number): Fault[] {
  const check = new StructureCheck(most);
  check.object(resource, type, type);
  return check.faults;
}

class StructureCheck {
  readonly faults: Fault[] = [];

  constructor(private readonly most: number) {}

  object(value: unknown, type: string, path: string): void {
    if (!isFields(value)) {
      this.#fault(path, `Must be an object (${type}), but is ${kindOf(value)}.`);
      return;
    }
    const { keys, required } = rulesOf(type);
    const isResource = isResourceType(type);
    const chosen = new Map<string, string>();
    let count = 0;
    for (const key in value) {
      count++;
      if (this.faults.length >= this.most) return;
      if (key === 'resourceType' && isResource) continue;
      const rule = keys.get(key);
      if (rule) this.#element(value, key, rule, `${path}.${key}`);
      else if (!this.#companion(value, key, keys, path)) continue;
      const element = (rule ?? keys.get(key.slice(1)))?.element;
      if (element?.endsWith('[x]')) this.#choose(chosen, element, key, path);
    }
    if (count === 0) this.#fault(path, 'Must not be empty.');
    for (const { element, keys: names } of required) {
      if (!names.some((name) => name in value || `_${name}` in value)) this.#fault(`${path}.${element}`, 'Is required and missing.', 'required');
    }
  }

  /** Checks `_key`, which holds the id and extensions of the primitive `key`. Returns false, with an issue, when there is no such primitive. */
  #companion(parent: Fields, key: string, keys: ReadonlyMap<string, ElementRule>, path: string): boolean {
    const rule = key.startsWith('_') ? keys.get(key.slice(1)) : undefined;
    if (!rule?.primitive) {
      this.#fault(`${path}.${key}`, 'Is not an element of this type.');
      return false;
    }
    const value = parent[key];
    if (!rule.isArray) {
      this.object(value, 'Element', `${path}.${key}`);
      return true;
    }
    if (!Array.isArray(value)) {
      this.#fault(`${path}.${key}`, `Must be a list, but is ${kindOf(value)}.`);
      return true;
    }
    value.forEach((element, index) => {
      if (element !== null) this.object(element, 'Element', `${path}.${key}[${index}]`);
    });
    return true;
  }

  #choose(chosen: Map<string, string>, element: string, key: string, path: string): void {
    const name = key.startsWith('_') ? key.slice(1) : key;
    const before = chosen.get(element);
    if (before !== undefined && before !== name) this.#fault(`${path}.${name}`, `Only one of the types of ${element} may be given, and ${before} is there.`);
    chosen.set(element, name);
  }

  #element(parent: Fields, key: string, rule: ElementRule, path: string): void {
    const value = parent[key];
    if (!rule.isArray) {
      this.#value(value, rule, path);
      return;
    }
    if (!Array.isArray(value)) {
      this.#fault(path, `Must be a list, but is ${kindOf(value)}.`);
      return;
    }
    if (value.length === 0) this.#fault(path, 'Must not be empty.');
    if (value.length > rule.max) this.#fault(path, `May have at most ${rule.max} values, but has ${value.length}.`);
    const companions = parent[`_${key}`];
    value.forEach((element, index) => {
      // A null marks a place in a list of primitives that has an extension only (R4 json.html#primitive).
      const filled = Array.isArray(companions) && isFields(companions[index]);
      if (element !== null || !rule.primitive || !filled) this.#value(element, rule, `${path}[${index}]`);
    });
  }

  #value(value: unknown, rule: ElementRule, path: string): void {
    if (this.faults.length >= this.most) return;
    if (rule.primitive) this.#primitive(value, rule, path);
    else if (rule.type === 'Resource') this.#resource(value, path);
    else {
      this.object(value, rule.type, path);
      if (rule.codes && isFields(value)) this.#concept(value, rule.codes, path);
    }
  }

  #primitive(value: unknown, { type, codes }: ElementRule, path: string): void {
    const primitive = PRIMITIVES[type];
    if (!primitive) return;
    if (typeof value !== primitive.json) {
      this.#fault(path, `Must be a ${primitive.json} (${type}), but is ${kindOf(value)}.`);
      return;
    }
    const fault = primitive.fault?.(value as string | number | boolean);
    if (fault) this.#fault(path, `The ${type} ${fault}.`, 'value');
    else if (codes && !codes.hasCode(String(value))) this.#fault(path, `The code is not one of the value set ${codes.name}, from which this element must take it.`, 'code-invalid');
    else if (type === 'xhtml') this.#narrative(String(value), path);
    else if (path.endsWith('.reference') && !isAddress(String(value))) this.#fault(path, 'Must be a relative address such as Patient/1, an absolute one, a urn: or, for what is contained, "#" and its id.', 'value');
  }

  /** A concept meets a required binding by one of its codings (R4 terminologies.html#required). One that holds extensions only has no value to be judged. */
  #concept(value: Fields, codes: CodeSet, path: string): void {
    const codings = value['coding'] ?? ('code' in value ? [value] : []);
    if (!Array.isArray(codings) || (codings.length === 0 && !('text' in value))) return;
    const met = codings.some((coding) => isFields(coding) && typeof coding['code'] === 'string' && codes.hasCoding(coding['system'] as string | undefined, coding['code']));
    if (!met) this.#fault(path, `Must have a coding, with its system, from the value set ${codes.name}.`, 'code-invalid');
  }

  #narrative(div: string, path: string): void {
    for (const { message, unsafe } of narrativeFaults(div)) this.#fault(path, message, unsafe ? 'security' : 'invariant');
  }

  #resource(value: unknown, path: string): void {
    const type = isFields(value) ? value['resourceType'] : undefined;
    if (typeof type === 'string' && isResourceType(type)) this.object(value, type, path);
    else this.#fault(`${path}.resourceType`, 'Must be the name of a FHIR R4 resource type, such as Patient.');
  }

  #fault(path: string, message: string, type: FaultType = 'structure'): void {
    if (this.faults.length < this.most) this.faults.push({ path, message, type });
  }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
