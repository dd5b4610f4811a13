import { parse, stringify } from 'lossless-json';

/** A FHIR resource, or part of one, whose numbers are kept digit by digit (1.10 stays 1.10). Keys keep their order. */
export type FhirJson = { [key: string]: unknown };

export const isObject = (value: unknown): value is FhirJson => typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);

const isNumber = (value: unknown): boolean => typeof value === 'object' && value !== null && 'isLosslessNumber' in value;

/** Reads a resource. Throws a SyntaxError for what is not JSON, a TypeError for what is not an object. */
export function readFhirJson(text: string): FhirJson {
  const value = parse(text);
  if (!isObject(value)) throw new TypeError('A FHIR resource is a JSON object.');
  return value;
}

/** Reads what another system sent; undefined when it is not a JSON object. */
export function tryFhirJson(text: string): FhirJson | undefined {
  try {
    return readFhirJson(text);
  } catch {
    return undefined;
  }
}

export const writeFhirJson = (resource: FhirJson): string => stringify(resource) ?? '';

/** The objects of an array element, or the one object where it is not repeated. */
export const objectsAt = (value: unknown): FhirJson[] => (Array.isArray(value) ? value : [value]).filter(isObject);

/** The text of a primitive: a string as it is, a number with its digits, a boolean in words; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || isNumber(value) ? String(value) : undefined;
}

/** The logical id of a resource, if it has one that R4 allows: others must not get into a URL. */
export function logicalId(resource: FhirJson | undefined): string | undefined {
  const id = textOf(resource?.['id']);
  return id !== undefined && /^[A-Za-z0-9\-.]{1,64}$/.test(id) && !/^\.+$/.test(id) ? id : undefined;
}

/** A business identifier as FHIR writes it in a search: `system|value`. */
export interface IdentifierFacts {
  readonly system: string;
  readonly value: string;
  /** Codes of its type, such as PLAC. */
  readonly types: readonly string[];
}

/** The identifiers of a resource that have both a system and a value. */
export const identifiersOf = (resource: FhirJson): IdentifierFacts[] =>
  objectsAt(resource['identifier']).flatMap((identifier) => {
    const [system, value] = [textOf(identifier['system']), textOf(identifier['value'])];
    if (!system || !value) return [];
    const types = objectsAt(identifier['type']).flatMap((type) => objectsAt(type['coding']).flatMap((coding) => textOf(coding['code']) ?? []));
    return [{ system, value, types }];
  });

/** Visits every Reference in a resource that has a literal reference, contained resources included. */
export function eachReference(value: unknown, visit: (reference: FhirJson & { reference: string }) => void): void {
  if (Array.isArray(value)) {
    for (const element of value) eachReference(element, visit);
  } else if (isObject(value)) {
    if (hasReference(value)) visit(value);
    for (const child of Object.values(value)) eachReference(child, visit);
  }
}

const hasReference = (value: FhirJson): value is FhirJson & { reference: string } => typeof value['reference'] === 'string';

const LOCAL = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** `Type/id` of a relative literal reference, without its version; undefined for any other. */
export function localReference(reference: string): string | undefined {
  const [, type, id] = LOCAL.exec(reference) ?? [];
  return type && id ? `${type}/${id}` : undefined;
}
