import type { Issue } from '@cairn/kernel';
import { isResourceType } from '../definitions/structures.js';
import { rulesOf, type ElementRule } from './element-rules.js';
import { PRIMITIVES } from './primitives.js';

/** More faults than this help nobody. */
const MAX_ISSUES = 50;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Every fault of structure in a resource: unknown elements, missing ones, too many or too few, values of the wrong kind or form, empty
 * ones. Stops after 50. The resource's own type must be known.
 */
export function structuralIssues(resource: Fields, type: string): Issue[] {
  const check = new StructureCheck();
  check.object(resource, type, type);
  return check.issues;
}

class StructureCheck {
  readonly issues: Issue[] = [];

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
      if (this.issues.length >= MAX_ISSUES) return;
      if (key === 'resourceType' && isResource) continue;
      const rule = keys.get(key);
      if (rule) this.#element(value, key, rule, `${path}.${key}`);
      else if (!this.#companion(value, key, keys, path)) continue;
      const element = (rule ?? keys.get(key.slice(1)))?.element;
      if (element?.endsWith('[x]')) this.#choose(chosen, element, key, path);
    }
    if (count === 0) this.#fault(path, 'Must not be empty.');
    for (const { element, keys: names } of required) {
      if (!names.some((name) => name in value || `_${name}` in value)) this.#fault(`${path}.${element}`, 'Is required and missing.');
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
    if (this.issues.length >= MAX_ISSUES) return;
    if (rule.primitive) this.#primitive(value, rule.type, path);
    else if (rule.type === 'Resource') this.#resource(value, path);
    else this.object(value, rule.type, path);
  }

  #primitive(value: unknown, type: string, path: string): void {
    const primitive = PRIMITIVES[type];
    if (!primitive) return;
    if (typeof value !== primitive.json) {
      this.#fault(path, `Must be a ${primitive.json} (${type}), but is ${kindOf(value)}.`);
      return;
    }
    const fault = primitive.fault?.(value as string | number | boolean);
    if (fault) this.#fault(path, `The ${type} ${fault}.`);
  }

  #resource(value: unknown, path: string): void {
    const type = isFields(value) ? value['resourceType'] : undefined;
    if (typeof type === 'string' && isResourceType(type)) this.object(value, type, path);
    else this.#fault(`${path}.resourceType`, 'Must be the name of a FHIR R4 resource type, such as Patient.');
  }

  #fault(path: string, message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path, message });
  }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
