import { newId } from '@cairn/kernel';
import { SharedTransactions, auditEach, type Scope, type Transactions, type Tx } from '@cairn/platform';
import { AccessPolicy } from '../access/access-policy.js';
import { mayReferByCriteria } from '../bundle/conditional-references.js';
import type { FhirWrites } from '../interactions/fhir-writes.js';
import type { NamedWrite } from '../interactions/write-request.js';
import type { Answers } from './answers.js';
import { auditWordOf, factOf } from './audit-facts.js';
import { preferenceIn, type FhirAnswer, type FhirRequest } from './fhir-request.js';
import { operationOf } from './operation-of.js';
import { writeOf } from './write-of.js';

interface Create {
  readonly scope: Scope;
  readonly request: FhirRequest;
  readonly write: NamedWrite;
}

/** Answers creates without a condition. Those that one client sends at the same time share a transaction. */
export class PlainCreates {
  readonly #shared: SharedTransactions<Create, FhirAnswer>;

  constructor(
    transactions: Transactions,
    private readonly writes: FhirWrites,
    private readonly answers: Answers,
  ) {
    this.#shared = new SharedTransactions(transactions, (tx, creates) => this.#make(tx, creates));
  }

  /** Stores what the request brings and has its audit entry committed with it. Refuses as any write is refused. */
  async answer(scope: Scope, request: FhirRequest): Promise<FhirAnswer> {
    return this.#shared.run({ scope, request, write: { ...writeOf(request, ''), id: newId() } });
  }

  async #make(tx: Tx, creates: readonly Create[]): Promise<FhirAnswer[]> {
    const written = await this.writes.performApart(tx, AccessPolicy.for(tx.scope.actor), creates.map(({ write }) => write));
    const made = creates.map(({ scope, request }, index) => {
      const answer = this.answers.written(written[index] ?? { status: 204 }, preferenceIn(request.headers['prefer']));
      return { answer, scope, fact: factOf(auditWordOf(request), answer) };
    });
    await auditEach(tx, made.flatMap(({ scope, fact }) => (fact ? [{ scope, fact }] : [])));
    return made.map(({ answer }) => answer);
  }
}

/** Whether a request only creates, and nothing must be looked up for it. A Subscription is created alone: it is admitted by how many its client has. */
export const isPlainCreate = (request: FhirRequest): boolean =>
  request.method === 'POST' &&
  request.path.length === 1 &&
  request.path[0] !== 'Subscription' &&
  request.headers['if-none-exist'] === undefined &&
  !operationOf(request) &&
  !(request.body && mayReferByCriteria(request.body));
