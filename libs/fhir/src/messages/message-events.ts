import type { CapabilityStatementMessaging, Coding } from '@medplum/fhirtypes';
import rules from './message-rules.json' with { type: 'json' };

/** An event that a message may tell of, and what it may be about. */
export type MessageEvent = (typeof rules.events.value)[number];

const EVENTS: readonly MessageEvent[] = rules.events.value;

/** The event that a header names; undefined where nothing handles it. */
export const eventNamed = (coding: Coding | undefined): MessageEvent | undefined => EVENTS.find(({ system, code }) => system === coding?.system && code === coding.code);

/** The events that are handled, for those who send another. */
export const handledEvents = (): string => EVENTS.map(({ system, code }) => `${system}|${code}`).join(', ');

/** What a CapabilityStatement says of messages. @param base this server's FHIR address */
export const messagingCapability = (base: string): CapabilityStatementMessaging => ({
  endpoint: [{ protocol: { system: 'http://terminology.hl7.org/CodeSystem/message-transport', code: 'http' }, address: `${base}/$process-message` }],
  documentation: [
    'Messages are posted to $process-message, processed at once as one transaction, and answered by a message.',
    ...EVENTS.map(({ system, code, display, focus }) => `Event ${system}|${code} (${display}): its focus is a ${focus.join(' or a ')} in the message.`),
    'A message that is sent again under the same MessageHeader.id or Bundle.identifier gets the first answer again.',
  ].join(' '),
  supportedMessage: EVENTS.map(({ definition }) => ({ mode: 'receiver', definition: `${base}/MessageDefinition/${definition}` })),
});
