import { invalid, newId } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Bundle, MessageHeader } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { TransactionWrites } from '../bundle/transaction.js';
import { touchedBy } from '../http/answers.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { badParameter } from '../interactions/history-parameters.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { parametersOf } from '../operations/operation-parameters.js';
import { nameOf } from '../store/stored-version.js';
import { claimMessage } from './message-log.js';
import { readMessage, type Message } from './read-message.js';

/**
 * `$process-message` (R4 messageheader-operation-process-message.html): stores what a message brings along as one transaction would, so that the
 * features hear of it as of any other, and answers a message. All or nothing: what is refused is answered by an OperationOutcome, leaves
 * nothing behind, and may be mended and sent again under the same name.
 */
export class ProcessMessageOperation implements FhirOperation {
  readonly name = 'process-message';
  readonly definition = 'http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message';
  readonly levels = ['system'] as const;
  readonly affectsState = true;

  /** @param base this server's FHIR address */
  constructor(
    private readonly bundles: TransactionWrites,
    private readonly base: string,
    private readonly maxEntries: number,
  ) {}

  /**
   * Answers 200 with a message whose response is `ok`; a message that is sent again, with the first answer. Refuses like {@link readMessage}
   * and like a transaction of creates, and with 400 an answer that is to come later or to another address.
   */
  async answer(tx: Tx, policy: AccessPolicy, _target: OperationTarget, { body, ...request }: FhirRequest): Promise<FhirAnswer> {
    demandSynchronous(request);
    if (!body) throw invalid('The body is missing.', { code: 'body-missing', issues: [{ path: 'Bundle', message: 'POST a Bundle of the type message.' }] });
    const message = readMessage(body, this.maxEntries);
    const claimed = await claimMessage(tx, message);
    if (claimed.answered !== undefined) {
      await claimed.settle(claimed.answered);
      return { status: 200, json: claimed.answered };
    }
    const written = await this.bundles.perform(tx, policy, message.entries);
    const focus = message.focus.flatMap(({ entry }) => written.get(entry)?.version ?? []);
    const response = JSON.stringify(this.#response(tx, message, focus.map(nameOf)));
    await claimed.settle(response);
    return { status: 200, json: response, touched: touchedBy([...written.values()].flatMap(({ version }) => version ?? [])) };
  }

  #response({ clock }: Tx, { header }: Message, focus: readonly string[]): Bundle {
    const { source, eventCoding } = header;
    const id = newId();
    const answer: MessageHeader = {
      resourceType: 'MessageHeader',
      id,
      ...(eventCoding ? { eventCoding } : {}),
      destination: [{ ...(source?.name === undefined ? {} : { name: source.name }), endpoint: source?.endpoint }],
      source: { name: 'Cairn', endpoint: `${this.base}/$process-message` },
      response: { identifier: header.id, code: 'ok' },
      focus: focus.map((name) => ({ reference: `${this.base}/${name}` })),
    };
    return {
      resourceType: 'Bundle',
      identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${newId()}` },
      type: 'message',
      timestamp: clock.now().toISOString(),
      entry: [{ fullUrl: `urn:uuid:${id}`, resource: answer }],
    };
  }
}

/** Refuses parameters that ask for what isn't offered: answers come at once, to whoever asked. */
function demandSynchronous(request: FhirRequest): void {
  for (const [name, value] of parametersOf(request)) {
    if (name === 'async' && value === 'false') continue;
    if (name === 'async') throw badParameter(name, 'Must be false or left out: a message is processed at once.');
    if (name === 'response-url') throw badParameter(name, 'Leave it out: the response is the answer to this request, and is sent nowhere else.');
    throw badParameter(name, 'Is not known for $process-message; leave it out.');
  }
}
