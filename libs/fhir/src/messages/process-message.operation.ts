import { invalid } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Bundle } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { TransactionWrites, WritingEntry } from '../bundle/transaction.js';
import { touchedBy } from '../http/answers.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { outcomeOf } from '../http/notes-outcome.js';
import { badParameter } from '../interactions/history-parameters.js';
import { pathWithin, type Written } from '../interactions/write-request.js';
import type { FhirOperation, OperationTarget } from '../operations/fhir-operations.js';
import { parametersOf } from '../operations/operation-parameters.js';
import type { References } from '../search-index/references.js';
import { nameOf, readCurrent, readOne } from '../store/stored-version.js';
import type { Note } from '../validation/fault.js';
import { claimMessage } from './message-log.js';
import { messageResponse } from './message-response.js';
import { patientByName, withPatient, type PatientByName } from './patient-by-name.js';
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
    private readonly references: References,
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
      return { status: 200, json: claimed.answered, touched: touchedBy([...(await readCurrent(tx, this.#focusIn(claimed.answered))).values()]) };
    }
    const byName = await this.#byName(tx, message);
    const entries = byName ? withPatient(message.entries, byName) : message.entries;
    const written = await this.bundles.perform(tx, policy, entries);
    const resultOf = ({ entry }: WritingEntry): Written | undefined => written.get(entry);
    const notes = entries.flatMap((each) => (resultOf(each)?.notes ?? []).map((note) => ({ ...note, path: pathWithin(each.request.path, note.path) })));
    if (byName) notes.unshift(NAMED_IN_WORDS);
    const focus = message.focus.flatMap((each) => resultOf(each)?.version ?? []).map(nameOf);
    const response = JSON.stringify(messageResponse({ base: this.base, header: message.header, focus, at: tx.clock.now(), ...(notes.length > 0 ? { details: outcomeOf(notes) } : {}) }));
    await claimed.settle(response);
    return { status: 200, json: response, touched: touchedBy([...written.values()].flatMap(({ version }) => version ?? [])) };
  }

  /** The patient whom the message names in words alone. One who is known here by the address that it uses is meant by it. */
  async #byName(tx: Tx, { entries }: Message): Promise<PatientByName | undefined> {
    const byName = patientByName(entries);
    const known = byName && (await readOne(tx, 'Patient', byName.id));
    return known ? undefined : byName;
  }

  /** What the response to an earlier message was about. */
  #focusIn(response: string): { type: string; id: string }[] {
    const [header] = (JSON.parse(response) as Bundle).entry ?? [];
    const focus = header?.resource?.resourceType === 'MessageHeader' ? (header.resource.focus ?? []) : [];
    return focus.flatMap(({ reference = '' }) => this.references.local(reference) ?? []);
  }
}

/** Said of a message that calls its patient by another address than it gives. */
const NAMED_IN_WORDS: Note = {
  severity: 'warning',
  code: 'business-rule',
  path: 'Bundle.entry',
  message: 'References to a Patient lead to no entry. They were taken for the one Patient that the message brings along, whose name they say. Let them have the fullUrl of that entry.',
};

/** Refuses parameters that ask for what isn't offered: answers come at once, to whoever asked. */
function demandSynchronous(request: FhirRequest): void {
  for (const [name, value] of parametersOf(request)) {
    if (name === 'async' && value === 'false') continue;
    if (name === 'async') throw badParameter(name, 'Must be false or left out: a message is processed at once.');
    if (name === 'response-url') throw badParameter(name, 'Leave it out: the response is the answer to this request, and is sent nowhere else.');
    throw badParameter(name, 'Is not known for $process-message; leave it out.');
  }
}
