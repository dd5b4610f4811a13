/** Addresses that HL7's Subscriptions R5 Backport, version 1.1, gives to its extensions, profiles and operations. */
const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport';
const structure = (name: string): string => `${BACKPORT}/StructureDefinition/${name}`;
const operation = (name: string): string => `${BACKPORT}/OperationDefinition/${name}`;

export const EXTENSIONS = {
  filterCriteria: structure('backport-filter-criteria'),
  payloadContent: structure('backport-payload-content'),
  heartbeatPeriod: structure('backport-heartbeat-period'),
  timeout: structure('backport-timeout'),
  maxCount: structure('backport-max-count'),
  channelType: structure('backport-channel-type'),
  /** In a CapabilityStatement: a topic that one may subscribe to. */
  topicOffered: structure('capabilitystatement-subscriptiontopic-canonical'),
} as const;

export const PROFILES = {
  subscription: structure('backport-subscription'),
  notification: structure('backport-subscription-notification-r4'),
  status: structure('backport-subscription-status-r4'),
} as const;

export const OPERATIONS = { status: operation('backport-subscription-status'), events: operation('backport-subscription-events') } as const;

/** How much of a resource a notification carries. */
export const CONTENTS = ['empty', 'id-only', 'full-resource'] as const;
export type NotificationContent = (typeof CONTENTS)[number];

/** The states of an R4 Subscription. */
export type SubscriptionState = 'requested' | 'active' | 'error' | 'off';
