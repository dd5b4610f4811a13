import { globalSchema } from '@medplum/core';
import type { CapabilityStatement, CapabilityStatementRestResource, ResourceType } from '@medplum/fhirtypes';
import { loadDefinitions } from './definitions.js';
import { Refusal } from './outcome.js';

/**
 * What this hospital lets others write: `full` all it stores; `millennium` is like products that offer the workflow types
 * for reading and searching only, so that a clinic must find another way to tell them.
 */
export const PROFILES = ['full', 'millennium'] as const;
export type Profile = (typeof PROFILES)[number];

const READ_ONLY: Record<Profile, ReadonlySet<string>> = {
  full: new Set(),
  millennium: new Set(['Task', 'CarePlan', 'Goal', 'CareTeam', 'ServiceRequest']),
};

const TYPES: readonly ResourceType[] = [
  'AllergyIntolerance', 'Appointment', 'CarePlan', 'CareTeam', 'Claim', 'ClinicalImpression', 'Communication', 'Composition', 'Condition',
  'Consent', 'Coverage', 'Device', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'ExplanationOfBenefit', 'Goal', 'ImagingStudy',
  'Immunization', 'List', 'Location', 'Medication', 'MedicationAdministration', 'MedicationRequest', 'MedicationStatement', 'Observation',
  'Organization', 'Patient', 'Practitioner', 'PractitionerRole', 'Procedure', 'Provenance', 'Questionnaire', 'QuestionnaireResponse',
  'RelatedPerson', 'ServiceRequest', 'Specimen', 'SupplyDelivery', 'Task',
];

const READING = ['read', 'vread', 'history-instance', 'search-type'] as const;
const WRITING = ['create', 'update', 'patch', 'delete'] as const;
const SEARCHABLE = new Set(['reference', 'string', 'uri', 'token', 'date']);

/** One thing that a request, or an entry of its Bundle, asks for. */
export interface Interaction {
  code: string;
  type: string;
}

/** Tells whether the hospital stores resources of a type. */
export function isKept(type: string): boolean {
  return TYPES.some((kept) => kept === type);
}

/** Tells whether an interaction changes something. */
function isWrite({ code }: Interaction): boolean {
  return WRITING.some((write) => write === code);
}

/** Throws a Refusal unless this hospital, with this profile, offers the interaction. */
export function assertOffered(interaction: Interaction, profile: Profile): void {
  const { code, type } = interaction;
  if (!isKept(type)) throw new Refusal(404, 'not-supported', `This hospital does not keep resources of type ${type}`);
  if (isWrite(interaction) && READ_ONLY[profile].has(type)) {
    throw new Refusal(405, 'not-supported', `${type} can be read and searched here, but not written (${code})`);
  }
  if (!isWrite(interaction) && !READING.some((read) => read === code)) throw new Refusal(404, 'not-supported', `The interaction ${code} is not offered for ${type}`);
}

function describe(type: ResourceType, profile: Profile): CapabilityStatementRestResource {
  const writable = !READ_ONLY[profile].has(type);
  return {
    type,
    interaction: [...READING, ...(writable ? WRITING : [])].map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: writable,
    conditionalCreate: writable,
    conditionalUpdate: writable,
    conditionalDelete: writable ? 'single' : 'not-supported',
    searchParam: Object.entries(globalSchema.types[type]?.searchParams ?? {}).flatMap(([name, parameter]) =>
      SEARCHABLE.has(parameter.type) ? [{ name, type: parameter.type }] : [],
    ),
  };
}

/** The CapabilityStatement of a hospital whose FHIR base and OAuth endpoints stand under `url`. */
export function capabilityStatement(url: string, profile: Profile): CapabilityStatement {
  loadDefinitions();
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-01-01',
    kind: 'instance',
    publisher: 'Sandbox hospital',
    software: { name: 'Cairn sandbox hospital' },
    implementation: { description: `A hospital EHR in memory, profile "${profile}"`, url: `${url}/fhir` },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        security: {
          service: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }] }],
          extension: [
            {
              url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
              extension: [{ url: 'token', valueUri: `${url}/oauth/token` }],
            },
          ],
        },
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
        resource: TYPES.map((type) => describe(type, profile)),
      },
    ],
  };
}
