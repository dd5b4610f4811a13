import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { availableEvents, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { PatientLinks } from '@cairn/people';
import { Transactions, audit, expectVersion, may, type Scope, type Tx } from '@cairn/platform';
import { ReferrerLetter, letterFacts } from './letter.entity.js';
import { NEXT_STEP } from './letter.fhir.js';
import { LETTER_LINK } from './letter-link.js';
import { LetterLog } from './letter-log.service.js';
import { letterMachine, type LetterState } from './letter.workflow.js';

/** Which letters to list: the open ones, or the delivered; so many after the cursor. */
export interface LetterFilter {
  readonly patient?: string | undefined;
  readonly state?: LetterState | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A letter as coordinators see it. */
export interface LetterView extends Pick<ReferrerLetter, 'id' | 'patientId' | 'state' | 'recipient' | 'email' | 'phone' | 'post' | 'rule' | 'dueAt' | 'writtenAt' | 'deliveredAt' | 'deliveredBy' | 'note' | 'version'> {
  readonly nextStep: string;
  readonly overdue: boolean;
  /** The words of the letter, and the same as a document with its PDF. */
  readonly communication: string;
  readonly document: string;
  readonly availableActions: readonly 'deliver'[];
}

export interface LetterPage {
  readonly items: readonly LetterView[];
  /** The cursor of the next page; absent on the last. */
  readonly next?: string;
}

const OPEN: readonly LetterState[] = ['written', 'to-mail', 'mailing', 'mailed', 'to-call', 'to-post'];

/** Shows letters to those who deliver them, and hands them to the referrers who fetch them. */
@Injectable()
export class LetterDesk {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly links: PatientLinks,
    private readonly log: LetterLog,
  ) {}

  /** Letters that are not delivered yet (or those in the state asked for), oldest first. */
  async list(scope: Scope, { patient, state, after, limit }: LetterFilter): Promise<LetterPage> {
    return this.transactions.run(scope, async (tx) => {
      const where = { clinicId: scope.clinicId, state: state ?? { $in: [...OPEN] }, ...(patient ? { patientId: patient } : {}), ...(after ? { id: { $gt: after } } : {}) };
      const rows = await tx.em.find(ReferrerLetter, where, { orderBy: { id: 'asc' }, limit: limit + 1 });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'letter.list', entities: shown.map(({ id }) => `Task/${id}`), patients: [...new Set(shown.map(({ patientId }) => patientId))] });
      return { items: shown.map((letter) => viewOf(letter, scope, tx.clock.now())), ...(last ? { next: last.id } : {}) };
    });
  }

  /** One letter. Refuses with `not-found`. */
  async one(scope: Scope, id: string): Promise<LetterView> {
    return this.transactions.run(scope, async (tx) => {
      const letter = await this.#find(tx, id, 'letter.read');
      return viewOf(letter, scope, tx.clock.now());
    });
  }

  /** The letter's PDF, to be printed. Refuses with `not-found`. */
  async pdf(scope: Scope, id: string): Promise<Buffer> {
    return this.transactions.run(scope, async (tx) => this.#pdfOf(tx, await this.#find(tx, id, 'letter.print')));
  }

  /** A person has posted the letter, or told it. Refuses a stale version, and one that is being mailed at this moment. */
  async deliver(scope: Scope, id: string, note: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const letter = await tx.em.findOne(ReferrerLetter, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!letter) throw notFound('The letter');
      expectVersion(readVersion, letter.version);
      tx.em.assign(letter, { note });
      await this.log.step(tx, letter, 'deliver');
    });
  }

  /** Whether the link of a mail is good. Delivers nothing: mail programs open links before people do. */
  async isThere(token: string): Promise<boolean> {
    return (await this.links.open(token, LETTER_LINK)) !== undefined;
  }

  /** The referrer fetches the letter by the link of the mail: with that it is delivered. Undefined for a link that is unknown or expired. */
  async fetch(token: string, correlationId: string): Promise<Buffer | undefined> {
    const link = await this.links.open(token, LETTER_LINK);
    if (!link) return undefined;
    const scope: Scope = { clinicId: link.clinicId, actor: { kind: 'cairn', id: 'referrer-link' }, correlationId };
    return this.transactions.run(scope, async (tx) => {
      const letter = await tx.em.findOne(ReferrerLetter, { clinicId: link.clinicId, id: link.subject }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!letter) return undefined;
      if (letter.state === 'delivered') await audit(tx, { action: 'read', what: 'letter.fetch', entities: [`Task/${letter.id}`], patients: [letter.patientId] });
      else await this.log.step(tx, letter, 'fetch');
      return this.#pdfOf(tx, letter);
    });
  }

  async #find(tx: Tx, id: string, what: string): Promise<ReferrerLetter> {
    const letter = await tx.em.findOne(ReferrerLetter, { clinicId: tx.scope.clinicId, id });
    if (!letter) throw notFound('The letter');
    await audit(tx, { action: 'read', what, entities: [`Task/${id}`], patients: [letter.patientId] });
    return letter;
  }

  async #pdfOf(tx: Tx, { documentId }: ReferrerLetter): Promise<Buffer> {
    const document = await this.store.read(tx, 'DocumentReference', documentId);
    const binary = await this.store.read(tx, 'Binary', document.content[0]?.attachment.url?.split('/')[1] ?? '');
    return Buffer.from(binary.data ?? '', 'base64');
  }
}

function viewOf(letter: ReferrerLetter, { actor }: Scope, now: Date): LetterView {
  const { id, patientId, state, recipient, email, phone, post, rule, dueAt, writtenAt, deliveredAt, deliveredBy, note, version } = letter;
  const events = may(actor, 'referral.triage') ? availableEvents(letterMachine, state, letterFacts(letter)) : [];
  return {
    id,
    patientId,
    state,
    nextStep: NEXT_STEP[state],
    recipient,
    email,
    phone,
    post,
    rule,
    dueAt,
    overdue: dueAt !== null && dueAt < now && (state === 'to-call' || state === 'to-post'),
    writtenAt,
    deliveredAt,
    deliveredBy,
    note,
    communication: `Communication/${letter.communicationId}`,
    document: `DocumentReference/${letter.documentId}`,
    version,
    availableActions: events.includes('deliver') ? ['deliver'] : [],
  };
}
