import type { ResourceType } from '@medplum/fhirtypes';
import { readDefinition } from './definition-file.js';

let members: ReadonlyMap<string, readonly string[]> | undefined;

/** For each resource type that can belong to a patient: the search parameters that say to whom (R4 compartmentdefinition-patient). */
export function patientCompartment(): ReadonlyMap<string, readonly string[]> {
  if (!members) {
    const definition = readDefinition('compartmentdefinition-patient.json');
    if (definition.resourceType !== 'CompartmentDefinition') throw new Error('The patient compartment has no definition.');
    members = new Map(
      (definition.resource ?? []).filter(({ param }) => param?.length).map(({ code, param }) => [code as ResourceType, param ?? []]),
    );
  }
  return members;
}
