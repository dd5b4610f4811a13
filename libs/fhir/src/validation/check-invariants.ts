import { evalFhirPathTyped, toTypedValue, UCUM, type TypedValue } from '@medplum/core';
import { isResourceType } from '../definitions/structures.js';
import { bundleFaults } from './bundle-rules.js';
import { rulesOf, type Invariant } from './element-rules.js';
import type { Fault } from './fault.js';
import { beginsBeforeEnd } from './period.js';
import { targetFault } from './reference-targets.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/**
 * Invariants that stand on nearly every element, decided without FHIRPath because that is 20 times faster. Each says what its
 * expression says.
 */
const BY_HAND: Readonly<Record<string, (value: Fields, root: Fields) => boolean>> = {
  'ext-1': (value) => 'extension' in value !== Object.keys(value).some((key) => /^_?value[A-Z]/.test(key)),
  'dom-2': (value) => contained(value).every((inner) => !('contained' in inner)),
  'dom-4': (value) => contained(value).every(({ meta }) => !isFields(meta) || !('versionId' in meta || 'lastUpdated' in meta)),
  'dom-5': (value) => contained(value).every(({ meta }) => !isFields(meta) || !('security' in meta)),
  // The expression refuses "#" alone, which refers to the container (R4 references.html#contained) and is allowed.
  'ref-1': ({ reference }, root) =>
    typeof reference !== 'string' || !reference.startsWith('#') || reference === '#' || contained(root).some(({ id }) => id === reference.slice(1)),
  // Medplum's engine compares dates of different precision as texts, and so finds an order where FHIRPath finds none.
  'per-1': ({ start, end }) => typeof start !== 'string' || typeof end !== 'string' || beginsBeforeEnd(start, end),
  'qty-3': (value) => !has(value, 'code') || has(value, 'system'),
};

/** Whether a primitive is there, be it without a value and with extensions only. */
const has = (value: Fields, key: string): boolean => key in value || `_${key}` in value;

/** Below this stand R4's own value sets, and no code system. */
const VALUE_SETS = 'http://hl7.org/fhir/ValueSet/';

const contained = (value: Fields): readonly Fields[] => list(value['contained']).filter(isFields);

/** Every broken invariant, and what else R4 asks of a Bundle, of a resource whose structure is sound, at the element that breaks it. */
export function invariantFaults(resource: Fields, type: string): Fault[] {
  const check = new InvariantCheck(resource, 'invariants');
  check.object(resource, type, type, resource);
  if (type === 'Bundle') check.faults.push(...bundleFaults(resource));
  return check.faults;
}

/** Every rule that a resource should keep and doesn't, at the element. Its structure must be sound. */
export function unheededAdvice(resource: Fields, type: string): Fault[] {
  const check = new InvariantCheck(resource, 'advice');
  check.object(resource, type, type, resource);
  return check.faults;
}

class InvariantCheck {
  readonly faults: Fault[] = [];

  constructor(
    private readonly root: Fields,
    private readonly kind: 'invariants' | 'advice',
  ) {}

  /** @param resource the innermost resource that the value stands in */
  object(value: Fields, type: string, path: string, resource: Fields): void {
    const { kind } = this;
    const rules = rulesOf(type);
    const { keys } = rules;
    for (const invariant of rules[kind]) this.#check(invariant, value, type, path, resource);
    if (type === 'Coding' && kind === 'invariants') this.#system(value, path);
    for (const key in value) {
      const rule = keys.get(key);
      if (rule) {
        if (rule.primitive && rule[kind].length === 0) continue;
        const isList = Array.isArray(value[key]);
        list(value[key]).forEach((element, index) => {
          const at = `${path}.${key}${isList ? `[${index}]` : ''}`;
          for (const invariant of rule[kind]) this.#check(invariant, element, rule.type, at, resource);
          if (rule.primitive || !isFields(element)) return;
          if (rule.targets && kind === 'invariants') this.#target(element, rule.targets, at);
          this.#descend(element, rule.type, at, resource);
        });
      } else if (key.startsWith('_')) {
        for (const element of list(value[key])) if (isFields(element)) this.object(element, 'Element', `${path}.${key}`, resource);
      }
    }
  }

  #descend(element: Fields, type: string, path: string, resource: Fields): void {
    if (type !== 'Resource') {
      this.object(element, type, path, resource);
      return;
    }
    const inner = element['resourceType'];
    if (typeof inner !== 'string' || !isResourceType(inner)) return;
    // A Bundle's entries stand for themselves; a contained resource may refer to its container's other contained resources.
    if (path.endsWith('.resource')) this.faults.push(...prefixed((this.kind === 'invariants' ? invariantFaults : unheededAdvice)(element, inner), inner, path));
    else this.object(element, inner, path, element);
  }

  /** A system says where a code is defined (R4 datatypes.html#Coding), which a value set doesn't. */
  #system({ system }: Fields, path: string): void {
    if (typeof system !== 'string' || !system.startsWith(VALUE_SETS)) return;
    this.faults.push({ path: `${path}.system`, message: 'Must name a code system, but this is a value set.', type: 'invariant' });
  }

  #target(reference: Fields, targets: ReadonlySet<string>, path: string): void {
    const message = targetFault(reference, targets, this.root);
    if (message !== undefined) this.faults.push({ path, message, type: 'invariant' });
  }

  #check(invariant: Invariant, value: unknown, type: string, path: string, resource: Fields): void {
    if (!this.#holds(invariant, value, type, resource)) {
      this.faults.push({ path, message: `Breaks the rule ${invariant.key}: ${invariant.description}.`.replace(/\.\.$/, '.'), type: 'invariant' });
    }
  }

  #holds({ key, expression }: Invariant, value: unknown, type: string, resource: Fields): boolean {
    const byHand = BY_HAND[key];
    if (byHand) return isFields(value) && byHand(value, this.root);
    const typed: TypedValue = { type, value };
    const variables = { '%context': typed, '%resource': toTypedValue(resource), '%rootResource': toTypedValue(this.root), '%ucum': toTypedValue(UCUM) };
    const result = evalFhirPathTyped(expression, [typed], variables);
    return result.length === 1 && result[0]?.value === true;
  }
}

const prefixed = (faults: readonly Fault[], type: string, path: string): Fault[] =>
  faults.map((fault) => ({ ...fault, path: path + fault.path.slice(type.length) }));
