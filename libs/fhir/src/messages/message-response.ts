import { newId } from '@cairn/kernel';
import type { Bundle, MessageHeader, OperationOutcome } from '@medplum/fhirtypes';

/** What a response tells. */
export interface MessageResponse {
  /** This server's FHIR address. */
  readonly base: string;
  /** The header that is answered. */
  readonly header: MessageHeader & { readonly id: string };
  /** `Type/id` of what was stored of what the message was about. */
  readonly focus: readonly string[];
  /** What is to be told about what was stored. */
  readonly details?: OperationOutcome;
  readonly at: Date;
}

/** The message that answers a message which was processed. */
export function messageResponse({ base, header: { id: identifier, source, eventCoding }, focus, details, at }: MessageResponse): Bundle {
  const id = newId();
  const detailsUrl = `urn:uuid:${newId()}`;
  const answer: MessageHeader = {
    resourceType: 'MessageHeader',
    id,
    ...(eventCoding ? { eventCoding } : {}),
    destination: [{ ...(source?.name === undefined ? {} : { name: source.name }), endpoint: source?.endpoint }],
    source: { name: 'Cairn', endpoint: `${base}/$process-message` },
    response: { identifier, code: 'ok', ...(details ? { details: { reference: detailsUrl } } : {}) },
    focus: focus.map((name) => ({ reference: `${base}/${name}` })),
  };
  return {
    resourceType: 'Bundle',
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${newId()}` },
    type: 'message',
    timestamp: at.toISOString(),
    entry: [{ fullUrl: `urn:uuid:${id}`, resource: answer }, ...(details ? [{ fullUrl: detailsUrl, resource: details }] : [])],
  };
}
