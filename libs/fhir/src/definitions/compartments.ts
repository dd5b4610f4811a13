import type { ResourceType } from '@medplum/fhirtypes';
import table from './compartments.json' with { type: 'json' };
import { isResourceType } from './structures.js';

/** What belongs to a compartment: for each type, the parameters of which one must refer to the compartment's resource. */
export type CompartmentDefinition = ReadonlyMap<ResourceType, readonly string[]>;

/** Stands among the parameters for the resource that the compartment is named after (R4 compartmentdefinition.html). */
const ITSELF = '{def}';

const definitions: ReadonlyMap<string, CompartmentDefinition> = new Map(
  Object.entries(table.compartments).map(([name, types]) => [
    name,
    new Map(
      Object.entries(types).flatMap(([type, parameters]: [string, readonly string[]]) =>
        isResourceType(type) ? [[type, parameters.filter((parameter) => parameter !== ITSELF)] as const] : [],
      ),
    ),
  ]),
);

/** The compartment of R4 that is named after a resource type; undefined for a type that has none. */
export const compartmentOf = (type: string): CompartmentDefinition | undefined => definitions.get(type);

/** The names of R4's compartments. */
export const compartmentNames = (): readonly string[] => [...definitions.keys()];
