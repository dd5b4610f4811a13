import type { ResourceType } from '@medplum/fhirtypes';

/**
 * Types without a patient that tell who and what a clinic offers. What Cairn wrote of these is readable by every hospital's system of the
 * clinic; what a hospital wrote stays its own.
 */
export const DIRECTORY_TYPES: readonly ResourceType[] = [
  'ActivityDefinition',
  'CodeSystem',
  'Endpoint',
  'HealthcareService',
  'Location',
  'Organization',
  'PlanDefinition',
  'Practitioner',
  'PractitionerRole',
  'Questionnaire',
  'ValueSet',
];
