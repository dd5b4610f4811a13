import type { CapabilityStatement, CapabilityStatementRestResource, ResourceType } from '@medplum/fhirtypes';
import { compartmentNames } from '../definitions/compartments.js';
import { searchParametersOf } from '../definitions/search-parameters.js';
import { isResourceType, resourceTypes } from '../definitions/structures.js';
import { interactionsOf } from '../interactions/type-rules.js';
import { messagingCapability } from '../messages/message-events.js';
import type { FhirOperation, FhirOperations } from '../operations/fhir-operations.js';
import { isIndexedKind } from '../search-index/index-value.js';
import { EXTENSIONS, PROFILES } from '../subscriptions/backport.js';
import type { SubscriptionTopics } from '../subscriptions/topic.js';

export interface CapabilityFacts {
  readonly publicUrl: string;
  readonly version: string;
  /** How many resources one conditional deletion may take away. */
  readonly deletesAtOnce: number;
  readonly operations: FhirOperations;
  readonly topics: SubscriptionTopics;
  /** When this process started to offer what it offers. */
  readonly date: Date;
}

/** What the server can do, derived from what the code registers: types and parameters from R4's definitions, interactions from the rules of each type. */
export function capabilityStatement({ publicUrl, version, date, deletesAtOnce, operations, topics }: CapabilityFacts): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    name: 'Cairn',
    status: 'active',
    date: date.toISOString(),
    kind: 'instance',
    instantiates: ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'],
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json'],
    software: { name: 'Cairn', version },
    implementation: { description: 'Care coordination for a chronic-pain clinic', url: `${publicUrl}/fhir` },
    rest: [
      {
        mode: 'server',
        security: {
          service: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }] }],
          description: 'SMART Backend Services: client_credentials with private_key_jwt. See .well-known/smart-configuration.',
          extension: [
            {
              url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
              extension: [{ url: 'token', valueUri: `${publicUrl}/oauth/token` }],
            },
          ],
        },
        interaction: [{ code: 'transaction' }, { code: 'batch' }, { code: 'history-system' }],
        resource: [...resourceTypes()].filter(isResourceType).flatMap((type) => resourceCapability(type, deletesAtOnce, operations)).map((resource) => (resource.type === 'Subscription' ? { ...resource, ...subscribing(topics) } : resource)),
        compartment: compartmentNames().map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name.charAt(0).toLowerCase()}${name.slice(1)}`),
        ...listed(operations.offered()),
      },
    ],
    messaging: [messagingCapability(`${publicUrl}/fhir`)],
  };
}

/** How one subscribes: the profile of Subscriptions R5 Backport, and the topics on offer. */
const subscribing = (topics: SubscriptionTopics): Pick<CapabilityStatementRestResource, 'supportedProfile' | 'extension' | 'updateCreate'> => ({
  supportedProfile: [PROFILES.subscription],
  extension: topics.canonicals.map((valueCanonical) => ({ url: EXTENSIONS.topicOffered, valueCanonical })),
  updateCreate: false,
});

/** R4 allows no empty list. */
const unlessEmpty = <K extends 'searchInclude' | 'searchRevInclude'>(key: K, list: string[]): Partial<Record<K, string[]>> => (list.length === 0 ? {} : ({ [key]: list } as Partial<Record<K, string[]>>));

/** The operations as a CapabilityStatement lists them; R4 allows no empty list. */
const listed = (operations: readonly FhirOperation[]): { operation?: { name: string; definition: string }[] } =>
  operations.length === 0 ? {} : { operation: operations.map(({ name, definition }) => ({ name, definition })) };

function resourceCapability(type: ResourceType, deletesAtOnce: number, operations: FhirOperations): CapabilityStatementRestResource[] {
  const interactions = interactionsOf(type);
  if (interactions.length === 0) return [];
  const indexed = [...searchParametersOf(type).values()].filter(({ kind }) => isIndexedKind(kind) || kind === 'composite');
  return [
    {
      type,
      profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
      interaction: interactions.map((code) => ({ code })),
      versioning: 'versioned-update',
      readHistory: true,
      updateCreate: true,
      conditionalCreate: true,
      conditionalRead: 'full-support',
      conditionalUpdate: interactions.includes('update'),
      conditionalDelete: !interactions.includes('delete') ? 'not-supported' : deletesAtOnce > 1 ? 'multiple' : 'single',
      referencePolicy: ['literal', 'logical'],
      ...unlessEmpty('searchInclude', indexed.filter(({ kind }) => kind === 'reference').map(({ code }) => `${type}:${code}`)),
      ...unlessEmpty('searchRevInclude', referencingOf(type)),
      searchParam: indexed.map(({ code, url, kind }) => ({ name: code, definition: url, type: kind })),
      ...listed(operations.offered(type)),
    },
  ];
}

let referencing: Map<string, string[]> | undefined;

/** Parameters of other types that can refer to this one. */
function referencingOf(type: ResourceType): string[] {
  if (!referencing) {
    referencing = new Map();
    for (const source of resourceTypes()) {
      for (const { code, kind, targets } of searchParametersOf(source).values()) {
        if (kind !== 'reference') continue;
        for (const target of targets) referencing.set(target, [...(referencing.get(target) ?? []), `${source}:${code}`]);
      }
    }
  }
  return referencing.get(type) ?? [];
}
