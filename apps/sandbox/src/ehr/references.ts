import type { Reference, Resource } from '@medplum/fhirtypes';

/** Returns a copy of the resource in which every literal reference is what `change` makes of it. */
export function mapReferences<T extends Resource>(resource: T, change: (reference: Reference & { reference: string }) => Reference): T {
  return walk(resource, change) as T;
}

function walk(value: unknown, change: (reference: Reference & { reference: string }) => Reference): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, change)]));
  return typeof copy.reference === 'string' ? change({ ...copy, reference: copy.reference }) : copy;
}
