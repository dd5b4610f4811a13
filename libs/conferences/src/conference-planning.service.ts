import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, audit, type Scope } from '@cairn/platform';
import { AgendaItem } from './agenda-item.entity.js';
import { CasePacks } from './case-packs.service.js';
import { Colleagues } from './colleagues.service.js';
import { itemView, type ConferenceFacts } from './conference-facts.js';
import { ConferenceLedger, type Opened } from './conference-ledger.service.js';
import { Conference, type Colleague } from './conference.entity.js';
import { itemTask } from './conference.fhir.js';
import { conferenceWorkflow } from './conference.workflow.js';

/** How many waiting cases one planned conference takes up; the others wait for the next. */
const MOST_ADOPTED = 50;

/** A conference that somebody plans. */
export interface ConferenceRequest {
  readonly title: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** Ids of the practitioners who are invited. */
  readonly invited: readonly string[];
}

/** Plans conferences, locks their agendas, and calls them off. */
@Injectable()
export class ConferencePlanning {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly transactions: Transactions,
    private readonly ledger: ConferenceLedger,
    private readonly packs: CasePacks,
    private readonly colleagues: Colleagues,
  ) {}

  /** Plans a conference. Cases that wait for one come onto its agenda, the longest waiting first. Refuses practitioners that the clinic does not have. */
  async plan(scope: Scope, request: ConferenceRequest): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const invited: Colleague[] = [];
      for (const [index, id] of request.invited.entries()) invited.push(await this.colleagues.named(tx, id, `invited.${index}`));
      const conference = tx.em.create(Conference, {
        clinicId: scope.clinicId,
        id: newId(),
        title: request.title,
        state: conferenceWorkflow.initial,
        startsAt: request.startsAt,
        endsAt: request.endsAt,
        invited,
        attendance: [],
        changes: 1,
        version: 1,
      });
      await tx.flush();
      const waiting = await tx.em.find(
        AgendaItem,
        { clinicId: scope.clinicId, conferenceId: null },
        // Another conference planned at the same moment takes others.
        { orderBy: { id: 'asc' }, limit: MOST_ADOPTED, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
      );
      waiting.forEach((item, index) => Object.assign(item, { conferenceId: conference.id, position: index + 1 }));
      const opened: Opened = { conference, items: waiting };
      this.ledger.record(tx, conference, 'plan', null);
      await audit(tx, { action: 'create', what: 'conference.plan', entities: [`Appointment/${conference.id}`], patients: waiting.map(({ patientId }) => patientId) });
      await this.ledger.project(tx, opened);
      return this.ledger.answer(tx, opened);
    });
  }

  /** Locks the agenda and assembles a case pack for each item. Refuses an empty agenda. */
  async lock(scope: Scope, id: string, version: number | undefined): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      await this.ledger.step(tx, opened, 'lock');
      const view = await this.ledger.project(tx, opened);
      for (const item of opened.items) await this.packs.assemble(tx, view, itemView(item));
      return this.ledger.answer(tx, opened);
    });
  }

  /** Calls the conference off. Its cases wait for the next one. */
  async cancel(scope: Scope, id: string, version: number | undefined, reason: string): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      opened.conference.cancelReason = reason;
      await this.ledger.step(tx, opened, 'cancel', { reason });
      for (const item of opened.items) {
        item.conferenceId = null;
        await this.store.put(tx, itemTask(itemView(item), null, tx.clock.now()));
      }
      const empty: Opened = { conference: opened.conference, items: [] };
      await this.ledger.project(tx, empty);
      return this.ledger.answer(tx, empty);
    });
  }
}
