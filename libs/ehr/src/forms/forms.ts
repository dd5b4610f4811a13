import { offered, type Capability, type TypeCapability } from '../connection/capability.js';
import table from './forms.json' with { type: 'json' };

/** In which resource an EHR is told, and whether one there stands for the resource or for each version of it. */
export interface Form {
  readonly type: string;
  readonly each: 'resource' | 'version';
}

/** What of a resource is known at the EHR already, by form. */
export interface KnownThere {
  /** Whether the EHR has the resource that this form would change. */
  readonly has: (form: Form) => boolean;
}

/** The forms of a type, richest first. */
const formsOf = (type: string): readonly Form[] => ((table.forms as Record<string, readonly Form[]>)[type] ?? []);

/** Elements that Cairn moves in a resource which the EHR placed; the rest stays as the EHR has it. Undefined for types that it may not touch. */
export const inPlaceElements = (type: string): readonly string[] | undefined => (table.inPlace as Record<string, readonly string[]>)[type];

/** Elements of a resource which the EHR placed in which a foreign change stops a delivery. */
export const agreedElements = (type: string): readonly string[] => (table.agreedUpon as Record<string, readonly string[]>)[type] ?? [];

/** The richest form that the EHR takes now: it must offer update where it has one already, else a create that can't make two. */
export const chooseForm = (type: string, capability: Capability, known: KnownThere): Form | undefined =>
  formsOf(type).find((form) => {
    const can = offered(capability, form.type);
    return known.has(form) ? can.update : createsOnce(can);
  });

/** A create is only offered where an answer that got lost can be found again. */
export const createsOnce = (can: TypeCapability): boolean => can.create && (can.conditionalCreate || findsByIdentifier(can));

export const findsByIdentifier = (can: TypeCapability): boolean => can.search && can.searchBy.includes('identifier');
