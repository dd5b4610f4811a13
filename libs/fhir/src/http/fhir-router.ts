import { invalid, newId, notFound } from '@cairn/kernel';
import { audit, edgeError, operationOutcome, versionIn, type AuditFact, type Logger, type Scope, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { readBundle, type BundleEntry } from '../bundle/read-bundle.js';
import type { TransactionWrites, WritingEntry } from '../bundle/transaction.js';
import { settled } from '../interactions/conditional-update.js';
import type { ConditionalCreates } from '../interactions/conditional-create.js';
import type { FhirReads } from '../interactions/fhir-reads.js';
import type { FhirWrites } from '../interactions/fhir-writes.js';
import { demandInteraction, notAllowed } from '../interactions/type-rules.js';
import { placed, within, type WriteRequest, type Written } from '../interactions/write-request.js';
import type { JsonObject } from '../lossless/read-body.js';
import type { Answers } from './answers.js';
import { idIn, methodNotAllowed, preferenceIn, splitUrl, typeIn, versionOf, type FhirAnswer, type FhirRequest } from './fhir-request.js';

export interface RouterLimits {
  readonly maxEntries: number;
}

/** What the router hands requests to. */
export interface RouterParts {
  readonly transactions: Transactions;
  readonly reads: FhirReads;
  readonly writes: FhirWrites;
  readonly creates: ConditionalCreates;
  readonly bundles: TransactionWrites;
  readonly answers: Answers;
  readonly logger: Logger;
}

/** Answers requests to /fhir. Knows no web framework. */
export class FhirRouter {
  constructor(
    private readonly parts: RouterParts,
    private readonly limits: RouterLimits,
  ) {}

  /**
   * Does what the request asks for, in one transaction together with its audit entry; a batch takes one for each of its entries. Throws a
   * CairnError for what is refused.
   */
  async handle(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    if (request.path.length === 0) return this.#bundle(scope, request);
    return this.#audited(scope, auditWordOf(request), (tx, policy) =>
      isRead(request) ? this.#read(tx, policy, request) : this.#write(tx, policy, request),
    );
  }

  async #audited(scope: Scope, fact: Pick<AuditFact, 'action' | 'what'>, work: (tx: Tx, policy: AccessPolicy) => Promise<FhirAnswer>): Promise<FhirAnswer> {
    const policy = AccessPolicy.for(scope.actor);
    return this.parts.transactions.run(scope, async (tx) => {
      const answer = await work(tx, policy);
      if (answer.touched && answer.touched.patients.length > 0) await audit(tx, { ...fact, ...answer.touched });
      return answer;
    });
  }

  async #read(tx: Tx, policy: AccessPolicy, { path, query, headers }: FhirRequest): Promise<FhirAnswer> {
    const { reads, answers } = this.parts;
    const [first, second, third, fourth] = path;
    const type = typeIn(first);
    if (second === undefined || second === '_search') {
      demandInteraction(type, 'search-type');
      const found = await reads.find(tx, policy, type, query, preferenceIn(headers['prefer']).strict);
      return answers.searchset(found.query, found.result);
    }
    const id = idIn(second);
    if (third === undefined) {
      demandInteraction(type, 'read');
      return answers.version(await reads.read(tx, policy, type, id));
    }
    if (third !== '_history' || path.length > 4) throw notFound('An interaction at this URL');
    if (fourth !== undefined) {
      demandInteraction(type, 'vread');
      return answers.version(await reads.vread(tx, policy, type, id, versionOf(fourth)));
    }
    demandInteraction(type, 'history-instance');
    const { versions, ...page } = await reads.history(tx, policy, type, id, query);
    return answers.history(type, id, versions, page);
  }

  async #write(tx: Tx, policy: AccessPolicy, request: FhirRequest): Promise<FhirAnswer> {
    const { creates, writes, answers } = this.parts;
    const asked = writeOf(request, '');
    if (asked.criteria !== undefined) policy.demand(asked.method === 'POST' ? 'c' : 'u', asked.type);
    const existing = (await creates.existing(tx, [asked])).get(asked);
    const write = settled(asked, existing);
    const preference = preferenceIn(request.headers['prefer']);
    if (write.method !== 'POST') {
      const [written] = await writes.perform(tx, policy, [{ ...write, id: write.id ?? '' }]);
      return answers.written(written ?? { status: 204 }, preference);
    }
    policy.demand('c', write.type);
    if (existing) {
      const readable = policy.allows('r', write.type) && !policy.restriction('r', write.type);
      return answers.written({ status: 200, version: existing }, readable ? preference : { ...preference, answer: 'minimal' });
    }
    const [written] = await writes.perform(tx, policy, [{ ...write, id: newId() }]);
    return answers.written(written ?? { status: 204 }, preference);
  }

  async #bundle(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    if (request.method !== 'POST') throw methodNotAllowed(request.method);
    const { type, entries } = readBundle(bodyOf(request), this.limits.maxEntries);
    if (type === 'batch') return this.#batch(scope, entries);
    return this.#audited(scope, { action: 'execute', what: 'fhir.transaction' }, (tx, policy) => this.#transaction(tx, policy, entries, request));
  }

  async #transaction(tx: Tx, policy: AccessPolicy, entries: readonly BundleEntry[], { headers }: FhirRequest): Promise<FhirAnswer> {
    const { bundles, answers } = this.parts;
    // Thousands of representations would only be thrown away, so here they have to be asked for.
    const { answer = 'minimal', strict } = preferenceIn(headers['prefer']);
    const requests = entries.map((entry) => within(entry.path, () => this.#entryRequest(entry)));
    const writing: WritingEntry[] = entries.flatMap((entry, index) => {
      const asked = requests[index];
      return asked && !isRead(asked) ? [{ entry, request: within(entry.path, () => writeOf(asked, `${entry.path}.resource`)) }] : [];
    });
    const written = await bundles.perform(tx, policy, writing);
    const results: FhirAnswer[] = [];
    for (const [index, entry] of entries.entries()) {
      const result: Written | undefined = written.get(entry);
      const asked = requests[index];
      if (result) results.push(answers.written(result, { answer, strict }));
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

  async #batch(scope: Scope, entries: readonly BundleEntry[]): Promise<FhirAnswer> {
    const results: FhirAnswer[] = [];
    for (const entry of entries) results.push(await this.#batchEntry(scope, entry));
    return this.parts.answers.responses('batch-response', results);
  }

  async #batchEntry(scope: Scope, entry: BundleEntry): Promise<FhirAnswer> {
    try {
      const request = this.#entryRequest(entry);
      if (request.path.length === 0) throw invalid('A Bundle can not hold another Bundle of requests.', { code: 'bad-bundle' });
      return await this.handle(scope, request);
    } catch (thrown) {
      const error = edgeError(placed(entry.path, thrown));
      if (error.status >= 500) this.parts.logger.error({ event: 'request.failed', correlationId: scope.correlationId, error: thrown });
      return { status: error.status, json: JSON.stringify(operationOutcome(error, scope.correlationId)) };
    }
  }

  #entryRequest({ method, url, resource, ifMatch, ifNoneExist }: BundleEntry): FhirRequest {
    return { method, ...splitUrl(url, this.parts.answers.base), headers: { 'if-match': ifMatch, 'if-none-exist': ifNoneExist }, ...(resource ? { body: resource } : {}) };
  }
}

const isRead = ({ method, path }: FhirRequest): boolean => method === 'GET' || method === 'HEAD' || (method === 'POST' && path[1] === '_search');

const bodyOf = ({ body }: FhirRequest): JsonObject => {
  if (!body) throw invalid('The body is missing.', { code: 'body-missing' });
  return body;
};

/** The write that a request asks for. Refuses a method that has no meaning at its URL. */
function writeOf(request: FhirRequest, path: string): WriteRequest {
  const { method, headers } = request;
  const [first, second, ...rest] = request.path;
  const type = typeIn(first);
  if (rest.length > 0) throw methodNotAllowed(method);
  const ifMatch = versionIn(headers['if-match']);
  const common = { type, path, ...(ifMatch === undefined ? {} : { ifMatch }) };
  if (method === 'POST' && second === undefined) {
    demandInteraction(type, 'create');
    const criteria = headers['if-none-exist'];
    return { ...common, method, content: bodyOf(request), ...(criteria === undefined ? {} : { criteria }) };
  }
  if (method !== 'PUT' && method !== 'DELETE') throw methodNotAllowed(method);
  demandInteraction(type, method === 'PUT' ? 'update' : 'delete');
  if (second === undefined && method === 'PUT') return { ...common, method, content: bodyOf(request), criteria: criteriaIn(request) };
  if (second === undefined) throw notAllowed('DELETE needs an id in the URL: conditional deletions are not supported.');
  return { ...common, method, id: idIn(second), ...(method === 'PUT' ? { content: bodyOf(request) } : {}) };
}

const criteriaIn = ({ query }: FhirRequest): string => {
  const criteria = new URLSearchParams();
  for (const [name, value] of query) criteria.append(name, value);
  return criteria.toString();
};

function auditWordOf(request: FhirRequest): Pick<AuditFact, 'action' | 'what'> {
  const { method, path } = request;
  if (isRead(request)) {
    if (path[1] === undefined || path[1] === '_search') return { action: 'execute', what: 'fhir.search' };
    return { action: 'read', what: path[2] === '_history' ? (path[3] === undefined ? 'fhir.history' : 'fhir.vread') : 'fhir.read' };
  }
  if (method === 'POST') return { action: 'create', what: 'fhir.create' };
  return method === 'DELETE' ? { action: 'delete', what: 'fhir.delete' } : { action: 'update', what: 'fhir.update' };
}
