import { AndAtom, DotAtom, EqualsAtom, FunctionAtom, IndexerAtom, LiteralAtom, NotEqualsAtom, OrAtom, parseFhirPath, SymbolAtom, type Atom } from '@medplum/core';
import { isResourceType } from '../definitions/structures.js';
import { rulesOf } from '../validation/element-rules.js';
import type { Pointer } from './json-edits.js';

/** An element of a resource, and where it stands. */
export interface Place {
  readonly pointer: Pointer;
  /** FHIR type of the element. */
  readonly type: string;
  readonly value: unknown;
}

/** Longer paths than people write are work without a use. */
const MAX_LENGTH = 1000;

/** Thrown for a path that is no FHIRPath, or more than a patch may use. Its message says what may be used. */
export class PathRefused extends Error {}

/** Reads the path of a patch. Refuses with {@link PathRefused} what isn't FHIRPath. */
export function readPath(path: string): Atom {
  if (path.length > MAX_LENGTH) throw new PathRefused(`May have at most ${MAX_LENGTH} characters.`);
  try {
    return parseFhirPath(path).child;
  } catch {
    throw new PathRefused('Must be a FHIRPath such as Patient.name[0].family.');
  }
}

/**
 * The elements that a path leads to. A patch's path may use elements, indexes, `first()`, `last()`, `extension(url)`, `ofType(type)` and
 * `where()` with comparisons for equality: all that names a place, and nothing that could keep the server busy. Refuses the rest with
 * {@link PathRefused}.
 */
export function placesOf(path: Atom, root: Place): Place[] {
  return new Walk(root).step(path, [root]);
}

class Walk {
  constructor(private readonly root: Place) {}

  step(atom: Atom, from: readonly Place[]): Place[] {
    if (atom instanceof DotAtom) return this.step(atom.right, this.step(atom.left, from));
    if (atom instanceof SymbolAtom) return this.#named(atom.name, from);
    if (atom instanceof IndexerAtom) return this.#indexed(atom, from);
    if (atom instanceof FunctionAtom) return this.#called(atom, from);
    throw unsupported();
  }

  #named(name: string, from: readonly Place[]): Place[] {
    if (name.startsWith('%') || name.startsWith('$')) throw unsupported();
    return from.flatMap((place) => (place === this.root && name === place.type ? [place] : childrenOf(place, name)));
  }

  #indexed({ left, expr }: IndexerAtom, from: readonly Place[]): Place[] {
    const index: unknown = expr instanceof LiteralAtom ? expr.value.value : undefined;
    if (typeof index !== 'number') throw unsupported();
    return this.step(left, from).slice(index, index + 1);
  }

  #called({ name, args }: FunctionAtom, from: readonly Place[]): Place[] {
    const [argument] = args;
    switch (name) {
      case 'first':
        return from.slice(0, 1);
      case 'last':
        return from.slice(-1);
      case 'where':
        if (!argument || !isComparison(argument)) throw unsupported();
        return from.filter(({ type, value }) => argument.eval({ variables: {} }, [{ type, value }])[0]?.value === true);
      case 'ofType':
        if (!(argument instanceof SymbolAtom)) throw unsupported();
        return from.filter(({ type }) => type === argument.name);
      case 'extension': {
        const url: unknown = argument instanceof LiteralAtom ? argument.value.value : undefined;
        if (typeof url !== 'string') throw unsupported();
        return from.flatMap((place) => childrenOf(place, 'extension')).filter(({ value }) => isFields(value) && value['url'] === url);
      }
      default:
        throw unsupported();
    }
  }
}

/** The elements of that name in an element; of a choice such as `value[x]`, the one that is there. */
function childrenOf({ pointer, type, value }: Place, name: string): Place[] {
  if (!isFields(value)) return [];
  const { keys } = rulesOf(typeOf(type, value));
  const key = keys.has(name) ? name : [...keys].find(([each, { element }]) => element === `${name}[x]` && each in value)?.[0];
  const rule = key === undefined ? undefined : keys.get(key);
  if (key === undefined || !rule || !(key in value)) return [];
  const found = value[key];
  const at = [...pointer, key];
  const each = (element: unknown, where: Pointer): Place => ({ pointer: where, type: typeOf(rule.type, element), value: element });
  return Array.isArray(found) ? found.map((element: unknown, index) => each(element, [...at, index])) : [each(found, at)];
}

/** What stands where any resource may stand has the type it says. */
function typeOf(type: string, value: unknown): string {
  const inner = type === 'Resource' && isFields(value) ? value['resourceType'] : undefined;
  return typeof inner === 'string' && isResourceType(inner) ? inner : type;
}

function isComparison(atom: Atom): boolean {
  if (atom instanceof SymbolAtom) return !atom.name.startsWith('%');
  if (atom instanceof LiteralAtom) return true;
  if (atom instanceof DotAtom || atom instanceof EqualsAtom || atom instanceof NotEqualsAtom || atom instanceof AndAtom || atom instanceof OrAtom) {
    return isComparison(atom.left) && isComparison(atom.right);
  }
  return false;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const unsupported = (): PathRefused => new PathRefused('May use elements, indexes, first(), last(), extension(), ofType(), and where() with =, !=, and, or.');
