import { capitalize, parseFhirPath, type Constraint, type FhirPathAtom, type InternalSchemaElement } from '@medplum/core';
import { isResourceType, structureOf } from '../definitions/structures.js';
import type { CodeSet } from '../terminology/code-set.js';
import { codesOf } from '../terminology/value-sets.js';
import { PRIMITIVES } from './primitives.js';

/** What may stand under one JSON key of an object. */
export interface ElementRule {
  /** FHIR data type of the value. */
  readonly type: string;
  readonly primitive: boolean;
  readonly isArray: boolean;
  readonly max: number;
  /** Name of the element, `value[x]` for a choice: of the keys with the same name only one may stand. */
  readonly element: string;
  /** The codes that it must take its own from; undefined where it may have others, or where nobody can list them. */
  readonly codes: CodeSet | undefined;
  /** The types that a reference may lead to, none where it may lead to any; undefined for what is no reference. */
  readonly targets: ReadonlySet<string> | undefined;
  /** Invariants that hold for this element beyond those of its type. */
  readonly invariants: readonly Invariant[];
  /** Rules that one should keep, but need not. */
  readonly advice: readonly Invariant[];
}

/** What an object of one type may hold. */
export interface TypeRules {
  readonly keys: ReadonlyMap<string, ElementRule>;
  /** Elements that must be there, with the keys of which one is enough. */
  readonly required: readonly { readonly element: string; readonly keys: readonly string[] }[];
  readonly invariants: readonly Invariant[];
  readonly advice: readonly Invariant[];
}

/** A rule of the definitions that spans several elements. */
export interface Invariant {
  readonly key: string;
  readonly description: string;
  readonly expression: FhirPathAtom;
}

/**
 * Not evaluated. `ele-1` (nothing is empty), `txt-1` and `txt-2` (narratives) are part of the structural check. `dom-3` (a contained resource must be referred to) and
 * `sdf-19` are left out as Medplum's validator leaves them out: their expressions need what FHIRPath engines do not agree on.
 */
const NOT_EVALUATED = new Set(['ele-1', 'txt-1', 'txt-2', 'dom-3', 'sdf-19']);

const rules = new Map<string, TypeRules>();

/** The rules of a type of resource or of data. The type must be known. */
export function rulesOf(type: string): TypeRules {
  let known = rules.get(type);
  if (!known) {
    known = compile(type);
    rules.set(type, known);
  }
  return known;
}

function compile(type: string): TypeRules {
  const structure = structureOf(type);
  const keys = new Map<string, ElementRule>();
  const required: TypeRules['required'][number][] = [];
  for (const [element, definition] of Object.entries(structure.elements)) {
    const isChoice = element.endsWith('[x]');
    const names: string[] = [];
    for (const { code, targetProfile } of definition.type) {
      const key = isChoice ? element.slice(0, -3) + capitalize(code) : element;
      // The definitions give a resource's own id the type of any text.
      const valueType = element === 'id' && isResourceType(type) ? 'id' : code;
      const primitive = valueType in PRIMITIVES;
      const ofType = primitive || valueType === 'Resource' ? [] : (structureOf(valueType).constraints ?? []);
      keys.set(key, {
        type: valueType,
        primitive,
        isArray: definition.isArray === true,
        max: definition.max,
        element,
        codes: CODED.has(valueType) ? requiredCodes(definition) : undefined,
        targets: valueType === 'Reference' ? targetTypes(targetProfile) : undefined,
        ...read((definition.constraints ?? []).filter(({ key: name }) => !ofType.some((other) => other.key === name))),
      });
      names.push(key);
    }
    if (definition.min > 0) required.push({ element, keys: names });
  }
  return { keys, required, ...read(structure.constraints ?? []) };
}

/** Types of elements whose codes can be bound to a value set. */
const CODED: ReadonlySet<string> = new Set(['code', 'Coding', 'CodeableConcept']);

const requiredCodes = ({ binding }: InternalSchemaElement): CodeSet | undefined =>
  binding?.strength === 'required' && binding.valueSet ? codesOf(binding.valueSet) : undefined;

/** The types that these profiles are for. One of them may be any resource. */
function targetTypes(profiles: readonly string[] = []): ReadonlySet<string> {
  const types = profiles.map((profile) => profile.slice(profile.lastIndexOf('/') + 1));
  return new Set(types.every(isResourceType) ? types : []);
}

function read(constraints: readonly Constraint[]): Pick<TypeRules, 'invariants' | 'advice'> {
  const evaluated = constraints.filter(({ key }) => !NOT_EVALUATED.has(key));
  const ofSeverity = (wanted: Constraint['severity']): Invariant[] =>
    evaluated.filter(({ severity }) => severity === wanted).map(({ key, description, expression }) => ({ key, description, expression: parseFhirPath(expression) }));
  return { invariants: ofSeverity('error'), advice: ofSeverity('warning') };
}
