import { isResourceType } from '../definitions/structures.js';

/** A reference to a resource on this server. */
export interface LocalReference {
  readonly type: string;
  readonly id: string;
}

const LOCAL = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** Reads literal references as this server sees them. */
export class References {
  readonly #base: string;

  /** @param base this server's own FHIR address, so that an absolute reference to itself counts as local */
  constructor(base: string) {
    this.#base = `${base.replace(/\/$/, '')}/`;
  }

  /** What the reference points at, when it is on this server: `Patient/1`, also with a version or this server's address. */
  local(reference: string): LocalReference | undefined {
    const relative = reference.startsWith(this.#base) ? reference.slice(this.#base.length) : reference;
    const [, type, id] = LOCAL.exec(relative) ?? [];
    return type && id && isResourceType(type) ? { type, id } : undefined;
  }

  /** The address of a resource on this server, by its name `Patient/1`. */
  absolute(name: string): string {
    return `${this.#base}${name}`;
  }

  /**
   * The form in which a reference is indexed and searched: `Type/id` for one on this server, the text as it is for any other, nothing for
   * one to a contained resource.
   */
  indexed(reference: string): string | undefined {
    if (reference.startsWith('#') || reference === '') return undefined;
    const local = this.local(reference);
    return local ? `${local.type}/${local.id}` : reference;
  }

  /**
   * Logical ids of all patients that a resource refers to, anywhere in it; for a Patient, its own. A Bundle's inner resources carry ids of
   * their sender, so what they refer to counts only where it is a literal reference.
   */
  patientsOf(resource: Readonly<Record<string, unknown>>, id: string): string[] {
    if (resource['resourceType'] === 'Patient') return [id];
    const patients = new Set<string>();
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) {
        for (const element of value) visit(element);
      } else if (typeof value === 'object' && value !== null) {
        for (const key in value) {
          const child: unknown = (value as Record<string, unknown>)[key];
          if (typeof child === 'object') visit(child);
          else if (key === 'reference' && typeof child === 'string') {
            const local = this.local(child);
            if (local?.type === 'Patient') patients.add(local.id);
          }
        }
      }
    };
    visit(resource);
    return [...patients].sort();
  }
}
