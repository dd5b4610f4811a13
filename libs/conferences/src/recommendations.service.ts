import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { atWallTime, dayPlus } from '@cairn/people';
import { Clinics, audit, type Tx } from '@cairn/platform';
import type { AgendaItem, DraftRecommendation } from './agenda-item.entity.js';
import { Agenda } from './agenda.service.js';
import { RECOMMENDATION_MADE } from './conferences.events.js';
import { recommendationDisplay } from './conference-words.js';
import { recommendationTask } from './decision.fhir.js';
import { recommendationFacts, type RecommendationFacts } from './recommendation-facts.js';
import { RecommendationTransition } from './recommendation-transition.entity.js';
import { Recommendation } from './recommendation.entity.js';
import { recommendationWorkflow, type RecommendationEvent } from './recommendation.workflow.js';

/** How many recommendations of one patient are answered at most. */
const MOST = 200;

/** The ledger from decision to done: each recommendation has an owner and a date, and comes back to the team when it is not done. */
@Injectable()
export class Recommendations {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly agenda: Agenda,
    private readonly clinics: Clinics,
  ) {}

  /** The recommendation, or undefined when the clinic has none with this id. */
  async get(tx: Tx, id: string): Promise<RecommendationFacts | undefined> {
    const row = await tx.em.findOne(Recommendation, { clinicId: tx.scope.clinicId, id });
    return row ? recommendationFacts(row, tx.scope.actor) : undefined;
  }

  /** The patient's recommendations, newest first, at most 200. */
  async ofPatient(tx: Tx, patientId: string): Promise<RecommendationFacts[]> {
    const rows = await tx.em.find(Recommendation, { clinicId: tx.scope.clinicId, patientId }, { orderBy: { id: 'desc' }, limit: MOST });
    return rows.map((row) => recommendationFacts(row, tx.scope.actor));
  }

  /** Makes a recommendation of a signed decision. It is due at the end of its day by the clinic's clock. */
  async make(tx: Tx, conferenceId: string, item: AgendaItem, rationale: string, draft: DraftRecommendation): Promise<RecommendationFacts> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    const row = tx.em.create(Recommendation, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      conferenceId,
      itemId: item.id,
      patientId: item.patientId,
      referralId: item.referralId ?? null,
      serviceRequestId: item.serviceRequestId ?? null,
      code: draft.code,
      detail: draft.detail,
      rationale,
      ownerPractitionerId: draft.owner.practitionerId,
      ownerName: draft.owner.name,
      dueDate: draft.dueDate,
      dueAt: atWallTime(dayPlus(draft.dueDate, 1), '00:00', zone),
      state: recommendationWorkflow.initial,
      madeAt: tx.clock.now(),
      version: 1,
    });
    await this.#keep(tx, row, 'make', null);
    await tx.emit(RECOMMENDATION_MADE, {
      conferenceId: row.conferenceId,
      itemId: row.itemId,
      recommendationId: row.id,
      patientId: row.patientId,
      ...(row.referralId ? { referralId: row.referralId } : {}),
    });
    return recommendationFacts(row, tx.scope.actor);
  }

  /** The owner takes it on. */
  async accept(tx: Tx, id: string): Promise<RecommendationFacts> {
    return this.#move(tx, await this.lock(tx, id), 'accept');
  }

  /** It was done; `note` may say how. */
  async complete(tx: Tx, id: string, note?: string): Promise<RecommendationFacts> {
    return this.#move(tx, await this.lock(tx, id), 'complete', note);
  }

  /** It will not be done, and why; the case comes back to the team. */
  async giveUp(tx: Tx, id: string, reason: string): Promise<RecommendationFacts> {
    const row = await this.lock(tx, id);
    const facts = await this.#move(tx, row, 'give-up', reason);
    await this.#comeBack(tx, row, `Not done: ${reason}`);
    return facts;
  }

  /** Its date has passed; the case comes back to the team. Refuses while there is time. */
  async lapse(tx: Tx, row: Recommendation): Promise<void> {
    await this.#move(tx, row, 'lapse', `Not done by ${row.dueDate}`);
    await this.#comeBack(tx, row, `Not done by ${row.dueDate}`);
  }

  /** The row, locked for the rest of the transaction. Refuses with `not-found`. */
  async lock(tx: Tx, id: string): Promise<Recommendation> {
    const row = await tx.em.findOne(Recommendation, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw notFound('The recommendation');
    return row;
  }

  async #move(tx: Tx, row: Recommendation, event: RecommendationEvent, note?: string): Promise<RecommendationFacts> {
    const from = row.state;
    const now = tx.clock.now();
    row.state = nextState(recommendationWorkflow, from, event, { overdue: now >= row.dueAt });
    if (event !== 'accept') Object.assign(row, { settledAt: now, note: note ?? null });
    await this.#keep(tx, row, event, from, note);
    return recommendationFacts(row, tx.scope.actor);
  }

  async #comeBack(tx: Tx, row: Recommendation, why: string): Promise<void> {
    await this.agenda.comeBack(tx, {
      patientId: row.patientId,
      referralId: row.referralId ?? null,
      serviceRequestId: row.serviceRequestId ?? null,
      question: `${why}. ${recommendationDisplay(row.code)}: ${row.detail}`,
      presenter: { practitionerId: row.ownerPractitionerId, name: row.ownerName },
      source: 'unfinished-action',
    });
  }

  async #keep(tx: Tx, row: Recommendation, event: RecommendationEvent | 'make', from: Recommendation['state'] | null, reason?: string): Promise<void> {
    tx.em.create(RecommendationTransition, {
      clinicId: row.clinicId,
      id: newId(),
      recommendationId: row.id,
      event,
      fromState: from,
      toState: row.state,
      at: tx.clock.now(),
      actorKind: tx.scope.actor.kind,
      actorId: tx.scope.actor.id,
      reason: reason ?? null,
    });
    await tx.flush();
    const view = {
      ...row,
      serviceRequestId: row.serviceRequestId ?? null,
      owner: { practitionerId: row.ownerPractitionerId, name: row.ownerName },
      settledAt: row.settledAt ?? null,
      note: row.note ?? null,
    };
    await this.store.put(tx, recommendationTask(view, tx.clock.now()));
    await audit(tx, { action: event === 'make' ? 'create' : 'update', what: `recommendation.${event}`, entities: [`Task/${row.id}`], patients: [row.patientId] });
  }
}
