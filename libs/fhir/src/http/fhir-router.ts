import { invalid, newId } from '@cairn/kernel';
import { audit, edgeError, noticesFor, operationOutcome, type AuditFact, type AuditWriter, type Logger, type Scope, type Transactions, type Tx } from '@cairn/platform';
import type { RefusedAccess } from '../audit-events/refused-access.js';
import { AccessPolicy } from '../access/access-policy.js';
import { mayReferByCriteria } from '../bundle/conditional-references.js';
import { readBundle, type BundleEntry } from '../bundle/read-bundle.js';
import type { TransactionWrites, WritingEntry } from '../bundle/transaction.js';
import { settled } from '../interactions/conditional-update.js';
import type { ConditionalCreates } from '../interactions/conditional-create.js';
import type { ConditionalDeletes } from '../interactions/conditional-delete.js';
import { PERMISSION, type FhirWrites } from '../interactions/fhir-writes.js';
import { notAllowed } from '../interactions/type-rules.js';
import { deletedTogether, placed, within, type WriteRequest, type Written } from '../interactions/write-request.js';
import type { Answers } from './answers.js';
import { auditWordOf, factOf, isRead } from './audit-facts.js';
import { methodNotAllowed, preferenceIn, preferenceOfEntries, splitUrl, type FhirAnswer, type FhirRequest, type Preference } from './fhir-request.js';
import type { FhirOperations } from '../operations/fhir-operations.js';
import { operationOf } from './operation-of.js';
import { isPlainCreate, type PlainCreates } from './plain-creates.js';
import type { RefusedWrites } from '../refused-writes/refused-writes.js';
import type { ReadRequests } from './read-requests.js';
import { sentAlone } from './sent-request.js';
import { bodyOf, writeOf } from './write-of.js';

export interface RouterLimits {
  readonly maxEntries: number;
}

/** What the router hands requests to. */
export interface RouterParts {
  readonly transactions: Transactions;
  readonly audits: AuditWriter;
  readonly reads: ReadRequests;
  readonly operations: FhirOperations;
  readonly writes: FhirWrites;
  readonly plainCreates: PlainCreates;
  readonly creates: ConditionalCreates;
  readonly deletes: ConditionalDeletes;
  readonly bundles: TransactionWrites;
  readonly answers: Answers;
  readonly refusals: RefusedAccess;
  readonly refusedWrites: RefusedWrites;
  readonly logger: Logger;
}

/** Answers requests to /fhir. Knows no web framework. */
export class FhirRouter {
  constructor(
    private readonly parts: RouterParts,
    private readonly limits: RouterLimits,
  ) {}

  /**
   * Does what the request asks for and has its audit entry committed: a write in one transaction with it, a batch in one for each of its
   * entries. Throws a CairnError for what is refused, which is recorded too where it concerns a patient.
   */
  async handle(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    try {
      return await (request.path.length === 0 ? this.#bundle(scope, request) : this.#one(scope, request));
    } catch (error) {
      await this.parts.refusals.record(scope, request, auditWordOf(request), error);
      throw error;
    }
  }

  async #one(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    if (isRead(request) && !operationOf(request)) return this.#look(scope, request);
    if (isPlainCreate(request)) return noticed(await this.parts.plainCreates.answer(scope, request));
    return this.#audited(scope, auditWordOf(request), (tx, policy) => (operationOf(request) ? this.#read(tx, policy, request) : this.#write(tx, policy, request)));
  }

  /** Answers a read or a search. It needs no transaction: its audit entry is committed by itself, before the answer leaves. */
  async #look(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    const { transactions, audits, reads } = this.parts;
    const answer = await reads.answer(transactions.look(scope), AccessPolicy.for(scope.actor), request);
    const fact = factOf(auditWordOf(request), answer);
    if (fact) await audits.record(scope, fact);
    return noticed(answer);
  }

  /** Answers what changes no resource by itself: a read, a search, or an operation. */
  async #read(tx: Tx, policy: AccessPolicy, request: FhirRequest): Promise<FhirAnswer> {
    const operation = operationOf(request);
    if (operation) return this.parts.operations.answer(tx, policy, operation.target, operation.name, request);
    return this.parts.reads.answer(tx, policy, request);
  }

  async #audited(scope: Scope, fact: Pick<AuditFact, 'action' | 'what'>, work: (tx: Tx, policy: AccessPolicy) => Promise<FhirAnswer>): Promise<FhirAnswer> {
    const policy = AccessPolicy.for(scope.actor);
    return this.parts.transactions.run(scope, async (tx) => {
      const answer = await work(tx, policy);
      const access = factOf(fact, answer);
      if (access) await audit(tx, access);
      return noticed(answer);
    });
  }

  async #write(tx: Tx, policy: AccessPolicy, request: FhirRequest): Promise<FhirAnswer> {
    const { creates, deletes, writes, answers } = this.parts;
    const asked = writeOf(request, '');
    if (asked.criteria !== undefined) policy.demand(PERMISSION[asked.method], asked.type);
    if (asked.method === 'DELETE' && asked.criteria !== undefined) {
      const deleted = await writes.perform(tx, policy, await deletes.named(tx, asked));
      return answers.written(deletedTogether(deleted), preferenceIn(request.headers['prefer']));
    }
    const preference = preferenceIn(request.headers['prefer']);
    if (asked.content && mayReferByCriteria(asked.content)) {
      const entry: BundleEntry = { path: '', method: asked.method, url: '' };
      const made = (await this.parts.bundles.perform(tx, policy, [{ entry, request: asked }])).get(entry);
      return answers.written(made ?? { status: 204 }, tactful(policy, asked, preference));
    }
    const existing = (await creates.existing(tx, [asked])).get(asked);
    const write = settled(asked, existing);
    if (write.method !== 'POST') {
      const [written] = await writes.perform(tx, policy, [{ ...write, id: write.id ?? '' }]);
      return answers.written(written ?? { status: 204 }, tactful(policy, write, preference));
    }
    policy.demand('c', write.type);
    if (existing) {
      await writes.demandFindable(tx, policy, [existing]);
      return answers.written({ status: 200, version: existing }, tactful(policy, write, preference));
    }
    const [written] = await writes.perform(tx, policy, [{ ...write, id: newId() }]);
    return answers.written(written ?? { status: 204 }, preference);
  }

  async #bundle(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    if (request.method !== 'POST') throw methodNotAllowed(request.method);
    const { type, entries } = readBundle(bodyOf(request), this.limits.maxEntries);
    if (type === 'batch') return this.#batch(scope, entries, preferenceOfEntries(request.headers['prefer']));
    return this.#audited(scope, auditWordOf(request), (tx, policy) => this.#transaction(tx, policy, entries, request));
  }

  async #transaction(tx: Tx, policy: AccessPolicy, entries: readonly BundleEntry[], { headers }: FhirRequest): Promise<FhirAnswer> {
    const { bundles, answers } = this.parts;
    // Thousands of representations would only be thrown away, so here they have to be asked for.
    const { answer = 'minimal', strict } = preferenceIn(headers['prefer']);
    const prefer = preferenceOfEntries(headers['prefer']);
    const requests = entries.map((entry) => within(entry.path, () => this.#entryOfTransaction(entry, prefer)));
    const writing: WritingEntry[] = entries.flatMap((entry, index) => {
      const asked = requests[index];
      return asked && !isRead(asked) ? [{ entry, request: within(entry.path, () => writeOf(asked, `${entry.path}.resource`)) }] : [];
    });
    const written = await bundles.perform(tx, policy, writing);
    const requested = new Map(writing.map(({ entry, request }) => [entry, request]));
    const results: FhirAnswer[] = [];
    for (const [index, entry] of entries.entries()) {
      const result: Written | undefined = written.get(entry);
      const asked = requests[index];
      const request = requested.get(entry);
      if (result && request) results.push(answers.written(result, tactful(policy, request, { answer, strict })));
      else if (asked) results.push(await this.#readEntry(tx, policy, asked, entry.path));
    }
    return answers.responses('transaction-response', results);
  }

  async #readEntry(tx: Tx, policy: AccessPolicy, request: FhirRequest, path: string): Promise<FhirAnswer> {
    try {
      return await this.#read(tx, policy, request);
    } catch (error) {
      throw placed(path, error);
    }
  }

  async #batch(scope: Scope, entries: readonly BundleEntry[], prefer: string | undefined): Promise<FhirAnswer> {
    const results: FhirAnswer[] = [];
    for (const entry of entries) results.push(await this.#batchEntry(scope, entry, prefer));
    return this.parts.answers.responses('batch-response', results);
  }

  async #batchEntry(scope: Scope, entry: BundleEntry, prefer: string | undefined): Promise<FhirAnswer> {
    try {
      const request = this.#entryRequest(entry, prefer);
      if (request.path.length === 0) throw invalid('A Bundle can not hold another Bundle of requests.', { code: 'bad-bundle' });
      return await this.handle(scope, request);
    } catch (thrown) {
      const error = edgeError(placed(entry.path, thrown));
      await this.parts.refusedWrites.keep(scope, sentAlone(entry, conditionsOf(entry), this.parts.answers.base), thrown);
      if (error.status >= 500) this.parts.logger.error({ event: 'request.failed', correlationId: scope.correlationId, error: thrown });
      return { status: error.status, json: JSON.stringify(operationOutcome(error, scope.correlationId)) };
    }
  }

  /** Refuses operations by POST: a transaction has no place for them in its order. */
  #entryOfTransaction(entry: BundleEntry, prefer: string | undefined): FhirRequest {
    const request = this.#entryRequest(entry, prefer);
    if (request.method === 'POST' && operationOf(request)) throw notAllowed('An operation by POST is asked for by itself, or in a batch.');
    return request;
  }

  #entryRequest(entry: BundleEntry, prefer: string | undefined): FhirRequest {
    const { method, url, resource } = entry;
    return { method, ...splitUrl(url, this.parts.answers.base), headers: { ...conditionsOf(entry), prefer }, ...(resource ? { body: resource } : {}) };
  }
}

/** What an entry says where a request has headers. */
const conditionsOf = ({ ifMatch, ifNoneMatch, ifModifiedSince, ifNoneExist }: BundleEntry): FhirRequest['headers'] => ({
  'if-match': ifMatch,
  'if-none-match': ifNoneMatch,
  'if-modified-since': ifModifiedSince,
  'if-none-exist': ifNoneExist,
});

/** What a patch changed, or a create found there already, is told whole only to callers who may read it: they didn't send it. */
function tactful(policy: AccessPolicy, { method, type, criteria }: WriteRequest, preference: Preference): Preference {
  const sentWhole = method === 'PUT' || (method === 'POST' && criteria === undefined);
  const readable = policy.allows('r', type) && !policy.restriction('r', type);
  return sentWhole || readable ? preference : { ...preference, answer: 'minimal' };
}

/** The answer with what the law wants said along with its records. */
function noticed(answer: FhirAnswer): FhirAnswer {
  const notices = noticesFor(answer.touched?.labels ?? 0);
  return notices.length === 0 ? answer : { ...answer, headers: { ...answer.headers, 'x-confidentiality-notice': notices.join(' ') } };
}
