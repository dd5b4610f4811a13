import { isResourceType } from '../definitions/structures.js';

type Fields = Readonly<Record<string, unknown>>;

/** The type in a reference, wherever the resource is: `Patient/1`, `https://…/Patient/1/_history/2`, `Patient?identifier=…`. */
const ADDRESS = /(?:^|\/)([A-Z][A-Za-z]+)(?:\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?|\?.*)$/;

/** What a literal reference can be (R4 references.html#literal). A longer id than R4 allows names nothing here, but its form is right. */
const LITERAL = /^(?:#|[A-Za-z][A-Za-z0-9+.-]*:|[A-Z][A-Za-z]+(?:\?|\/[A-Za-z0-9\-.]+(?:\/_history\/[A-Za-z0-9\-.]+)?$))/;

/** Whether a reference can lead somewhere: `/Patient/1` or `patient/1` would only look as if it did, and belong to nobody. */
export const isAddress = (reference: string): boolean => LITERAL.test(reference);

/**
 * Why a reference may not lead where it does: to a type that its element doesn't allow, or to another than its own `type` says (R4
 * references.html#Reference). Undefined where it may, and where nobody can tell the type, as of a `urn:uuid:` or an address that isn't FHIR's.
 */
export function targetFault(value: Fields, targets: ReadonlySet<string>, root: Fields): string | undefined {
  const named = typeof value['type'] === 'string' && isResourceType(value['type']) ? value['type'] : undefined;
  const led = typeof value['reference'] === 'string' ? typeIn(value['reference'], root) : undefined;
  if (named && led && named !== led) return `Leads to another type (${led}) than its "type" says.`;
  const type = led ?? named;
  return type === undefined || targets.size === 0 || targets.has(type) ? undefined : `May lead to ${[...targets].join(', ')}, but not to ${type}.`;
}

function typeIn(reference: string, root: Fields): string | undefined {
  const type = reference.startsWith('#') ? containedType(reference.slice(1), root) : ADDRESS.exec(reference)?.[1];
  return type !== undefined && isResourceType(type) ? type : undefined;
}

/** The type of what is contained under that id; without one, the container itself is meant. */
function containedType(id: string, root: Fields): string | undefined {
  const all: readonly unknown[] = Array.isArray(root['contained']) ? root['contained'] : [];
  const found = id === '' ? root : all.find((inner) => isFields(inner) && inner['id'] === id);
  return isFields(found) && typeof found['resourceType'] === 'string' ? found['resourceType'] : undefined;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
