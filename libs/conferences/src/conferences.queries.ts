import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { Clinics, Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { AgendaItem } from './agenda-item.entity.js';
import { conferenceFacts, itemFacts, type ConferenceFacts, type ItemFacts } from './conference-facts.js';
import { Conference } from './conference.entity.js';
import { quorumRule } from './conference.settings.js';
import type { ConferenceState } from './conference.workflow.js';
import { recommendationFacts, type RecommendationFacts } from './recommendation-facts.js';
import { Recommendation } from './recommendation.entity.js';
import type { RecommendationState } from './recommendation.workflow.js';

/** One page of a list. `next` names where the following page begins; absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** A conference in a list: without its agenda. */
export type ConferenceSummary = Pick<ConferenceFacts, 'id' | 'title' | 'state' | 'startsAt' | 'endsAt' | 'version'>;

interface Paging {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** How many waiting cases are listed at most. */
const MOST_WAITING = 200;

const pageOf = <Row extends { id: string }, Item>(rows: Row[], limit: number, item: (row: Row) => Item): Page<Item> => {
  const kept = rows.slice(0, limit);
  const last = rows.length > limit ? kept.at(-1) : undefined;
  return { items: kept.map(item), ...(last ? { next: last.id } : {}) };
};

const patientsOf = (rows: readonly { patientId: string }[]): string[] => [...new Set(rows.map(({ patientId }) => patientId))];

/** Reads conferences, agendas and recommendations. */
@Injectable()
export class ConferenceQueries {
  constructor(
    private readonly transactions: Transactions,
    private readonly clinics: Clinics,
  ) {}

  /** Newest plan first. */
  async list(scope: Scope, { state, after, limit }: Paging & { readonly state?: ConferenceState | undefined }): Promise<Page<ConferenceSummary>> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(
        Conference,
        { clinicId: scope.clinicId, ...(state ? { state } : {}), ...(after ? { id: { $lt: after } } : {}) },
        { orderBy: { id: 'desc' }, limit: limit + 1 },
      );
      return pageOf(rows, limit, ({ id, title, state: now, startsAt, endsAt, version }) => ({ id, title, state: now, startsAt, endsAt, version }));
    });
  }

  /** The conference with its agenda. Refuses with `not-found`. */
  async read(scope: Scope, id: string): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const conference = await tx.em.findOne(Conference, { clinicId: scope.clinicId, id });
      if (!conference) throw notFound('The conference');
      const items = await tx.em.find(AgendaItem, { clinicId: scope.clinicId, conferenceId: id }, { orderBy: { position: 'asc' } });
      await audit(tx, { action: 'read', what: 'conference.read', entities: [`Appointment/${id}`], patients: patientsOf(items) });
      return conferenceFacts(conference, items, quorumRule(await this.clinics.get(scope.clinicId)), scope.actor);
    });
  }

  /** One item. Refuses with `not-found`. */
  async item(tx: Tx, conferenceId: string, id: string): Promise<ItemFacts> {
    const item = await tx.em.findOne(AgendaItem, { clinicId: tx.scope.clinicId, conferenceId, id });
    if (!item) throw notFound('The agenda item');
    return itemFacts(item);
  }

  /** The cases that wait for a conference to be planned, the longest waiting first, at most 200. */
  async waiting(scope: Scope): Promise<{ items: readonly ItemFacts[] }> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(AgendaItem, { clinicId: scope.clinicId, conferenceId: null }, { orderBy: { id: 'asc' }, limit: MOST_WAITING });
      await audit(tx, { action: 'read', what: 'conference.waiting', patients: patientsOf(rows) });
      return { items: rows.map(itemFacts) };
    });
  }

  /** Recommendations, newest first. `open` means proposed or accepted. */
  async recommendations(
    scope: Scope,
    query: Paging & { readonly patient?: string | undefined; readonly conference?: string | undefined; readonly state?: RecommendationState | 'open' | undefined },
  ): Promise<Page<RecommendationFacts>> {
    const { patient, conference, state, after, limit } = query;
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(
        Recommendation,
        {
          clinicId: scope.clinicId,
          ...(patient ? { patientId: patient } : {}),
          ...(conference ? { conferenceId: conference } : {}),
          ...(state === 'open' ? { state: { $in: ['proposed', 'accepted'] } } : state ? { state } : {}),
          ...(after ? { id: { $lt: after } } : {}),
        },
        { orderBy: { id: 'desc' }, limit: limit + 1 },
      );
      await audit(tx, { action: 'read', what: 'recommendation.list', patients: patientsOf(rows) });
      return pageOf(rows, limit, (row) => recommendationFacts(row, scope.actor));
    });
  }
}
