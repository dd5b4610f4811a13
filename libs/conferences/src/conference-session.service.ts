import { Injectable } from '@nestjs/common';
import { invalid, notFound } from '@cairn/kernel';
import { localDay } from '@cairn/people';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import type { AgendaItem, DraftRecommendation, ItemDecision } from './agenda-item.entity.js';
import { Colleagues, type ReportedAttendee } from './colleagues.service.js';
import { itemFacts, type ConferenceFacts, type ItemFacts } from './conference-facts.js';
import { ConferenceLedger, type Opened } from './conference-ledger.service.js';
import type { RecommendationCode } from './conference-words.js';

/** What the team decided, as it is recorded. */
export interface DecisionRequest {
  readonly rationale: string;
  readonly votes: ItemDecision['votes'];
  readonly dissent: ItemDecision['dissent'];
  readonly recommendations: readonly { readonly code: RecommendationCode; readonly detail: string; readonly ownerId: string; readonly dueDate: string }[];
}

const fault = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] });

/** The meeting itself: who is there, and what is decided. Nothing of it counts before the minutes are signed. */
@Injectable()
export class ConferenceSession {
  constructor(
    private readonly transactions: Transactions,
    private readonly ledger: ConferenceLedger,
    private readonly colleagues: Colleagues,
    private readonly clinics: Clinics,
  ) {}

  /** Opens the meeting. */
  async open(scope: Scope, id: string, version: number | undefined): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      opened.conference.openedAt = tx.clock.now();
      await this.ledger.step(tx, opened, 'open');
      await this.ledger.project(tx, opened);
      return this.ledger.answer(tx, opened);
    });
  }

  /** Records who is there and who is missed, in place of what was recorded before. A version is checked where one is named. */
  async recordAttendance(scope: Scope, id: string, version: number | undefined, reported: readonly ReportedAttendee[]): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.open(tx, id);
      if (version !== undefined) expectVersion(version, opened.conference.version);
      opened.conference.attendance = await this.colleagues.attendance(tx, reported);
      await this.ledger.step(tx, opened, 'record-attendance');
      await this.ledger.project(tx, opened);
      return this.ledger.answer(tx, opened);
    });
  }

  /**
   * Records the decision on an item, in place of what was recorded before; without one, that it was listed and not discussed. Refuses a due date
   * in the past, an owner whom the clinic does not have, and more votes than people present. The item's version is checked where one is named.
   */
  async decide(scope: Scope, conferenceId: string, itemId: string, version: number | undefined, request: DecisionRequest | 'not-discussed'): Promise<ItemFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.open(tx, conferenceId);
      const item = opened.items.find(({ id }) => id === itemId);
      if (!item) throw notFound('The agenda item');
      if (version !== undefined) expectVersion(version, item.version);
      await this.#settle(tx, opened, item, request);
      await this.ledger.step(tx, opened, 'decide', { itemId });
      await this.ledger.project(tx, opened);
      await tx.flush();
      return itemFacts(item);
    });
  }

  async #settle(tx: Tx, { conference }: Opened, item: AgendaItem, request: DecisionRequest | 'not-discussed'): Promise<void> {
    if (request === 'not-discussed') {
      Object.assign(item, { outcome: 'not-discussed', decision: null });
      return;
    }
    const present = conference.attendance.filter((attendee) => attendee.present).length;
    const { votes } = request;
    if (votes.for + votes.against + votes.abstained > present) throw fault('votes', `are more than the ${present} recorded as present`);
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    const today = localDay(tx.clock.now(), zone);
    const recommendations: DraftRecommendation[] = [];
    for (const [index, { code, detail, ownerId, dueDate }] of request.recommendations.entries()) {
      if (dueDate < today) throw fault(`recommendations.${index}.dueDate`, 'lies in the past');
      const owner = await this.colleagues.named(tx, ownerId, `recommendations.${index}.ownerId`);
      recommendations.push({ code, detail, owner, dueDate });
    }
    const decision: ItemDecision = { rationale: request.rationale, votes, dissent: request.dissent, recommendations };
    Object.assign(item, { outcome: 'decided', decision });
  }
}
