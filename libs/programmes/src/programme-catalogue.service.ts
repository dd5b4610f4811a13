import { Injectable } from '@nestjs/common';
import { conflict, invalid, newId, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Practitioners } from '@cairn/people';
import { Transactions, audit, expectVersion, may, type Scope, type Tx } from '@cairn/platform';
import { Cohort, CohortSession } from './cohort.entity.js';
import { EnrolmentRecords } from './enrolment-records.service.js';
import { Places } from './places.service.js';
import type { NewCohort, NewProgramme, Page, ProgrammeListing } from './programme.acts.js';
import { Programme } from './programme.entity.js';
import { healthcareService } from './programme.fhir.js';

/** A run as people see it. */
interface CohortFacts {
  readonly id: string;
  readonly language: string;
  readonly format: string;
  readonly capacity: number;
  /** Places neither offered nor taken. */
  readonly free: number;
  readonly startsAt: Date;
  readonly sessions: readonly { readonly id: string; readonly number: number; readonly topic: string | null; readonly startsAt: Date; readonly minutes: number }[];
}

/** A programme as people see it. */
export interface ProgrammeFacts {
  readonly id: string;
  readonly state: 'open' | 'closed';
  readonly title: string;
  readonly description: string | null;
  readonly notSuitableFor: string | null;
  readonly cost: string;
  readonly sessionsNeeded: number;
  readonly owner: { readonly practitionerId: string | null; readonly name: string };
  readonly version: number;
  readonly availableActions: readonly string[];
}

export type ProgrammeView = ProgrammeFacts & { readonly cohorts: readonly CohortFacts[] };

/** The clinic's programmes and their runs. Nothing here is about a patient. */
@Injectable()
export class ProgrammeCatalogue {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: EnrolmentRecords,
    private readonly places: Places,
    private readonly store: FhirStore,
    private readonly practitioners: Practitioners,
  ) {}

  /** Opens a programme; its owner is whoever is named, else the person who opens it. */
  async open(scope: Scope, body: NewProgramme): Promise<ProgrammeView> {
    return this.transactions.run(scope, async (tx) => {
      const known = scope.actor.kind === 'person' ? await this.practitioners.ofUser(tx, scope.actor.id) : undefined;
      const self = { practitionerId: known?.id ?? null, name: known?.display ?? (scope.actor.kind === 'person' ? scope.actor.name : scope.actor.id) };
      const { owner = self, ...wording } = body;
      const programme = tx.em.create(Programme, {
        clinicId: scope.clinicId, id: newId(), state: 'open', ...wording,
        ownerPractitionerId: owner.practitionerId, ownerName: owner.name, createdAt: tx.clock.now(), version: 1,
      });
      return this.#save(tx, programme, 'programme.open', 'create');
    });
  }

  /** Adds a run. Its free places are offered at once to whom they fit on the list. Refuses a closed programme, sessions out of order or in the past. */
  async addCohort(scope: Scope, programmeId: string, { language, format, capacity, sessions }: NewCohort): Promise<ProgrammeView> {
    return this.transactions.run(scope, async (tx) => {
      const programme = await this.records.lockProgramme(tx, programmeId);
      if (programme.state !== 'open') throw conflict('The programme is closed.', { code: 'programme.closed' });
      const starts = sessions.map(({ startsAt }) => new Date(startsAt));
      let before = tx.clock.now();
      for (const [position, startsAt] of starts.entries()) {
        if (startsAt <= before) throw invalid('The dates are wrong.', { code: 'fields', issues: [{ path: `sessions.${position}.startsAt`, message: 'must be to come, and after the session before' }] });
        before = startsAt;
      }
      const cohort = tx.em.create(Cohort, {
        clinicId: scope.clinicId, id: newId(), programmeId, language, format, capacity, startsAt: starts[0] ?? before, createdAt: tx.clock.now(), version: 1,
      });
      for (const [index, { minutes, topic }] of sessions.entries()) {
        tx.em.create(CohortSession, { clinicId: scope.clinicId, id: newId(), cohortId: cohort.id, number: index + 1, topic, startsAt: starts[index] ?? before, minutes });
      }
      await this.records.showCohort(tx, programme, cohort);
      await this.places.fill(tx, programme, cohort);
      return this.#save(tx, programme, 'programme.cohort', 'create');
    });
  }

  /** Takes no more people; those who take part go on. Refuses a stale version. */
  async close(scope: Scope, id: string, readVersion: number | undefined): Promise<ProgrammeView> {
    return this.transactions.run(scope, async (tx) => {
      const programme = await this.records.lockProgramme(tx, id);
      expectVersion(readVersion, programme.version);
      if (programme.state === 'closed') throw conflict('The programme is closed already.', { code: 'programme.closed' });
      programme.state = 'closed';
      return this.#save(tx, programme, 'programme.close', 'update');
    });
  }

  /** Refuses with `not-found`. */
  async view(scope: Scope, id: string): Promise<ProgrammeView> {
    return this.transactions.run(scope, async (tx) => {
      const programme = await tx.em.findOne(Programme, { clinicId: scope.clinicId, id });
      if (!programme) throw notFound('The programme');
      return this.#view(tx, programme);
    });
  }

  /** Programmes, newest first. */
  async list(scope: Scope, { after, limit }: ProgrammeListing): Promise<Page<ProgrammeFacts>> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(Programme, { clinicId: scope.clinicId, ...(after ? { id: { $lt: after } } : {}) }, { orderBy: { id: 'desc' }, limit: limit + 1 });
      const kept = rows.slice(0, limit);
      const last = rows.length > limit ? kept.at(-1) : undefined;
      return { items: kept.map((programme) => factsOf(scope, programme)), ...(last ? { next: last.id } : {}) };
    });
  }

  async #save(tx: Tx, programme: Programme, what: string, action: 'create' | 'update'): Promise<ProgrammeView> {
    await tx.flush();
    const cohorts = await this.#cohorts(tx, programme);
    await this.store.put(tx, healthcareService(programme, cohorts));
    await audit(tx, { action, what, entities: [`HealthcareService/${programme.id}`] });
    return this.#view(tx, programme);
  }

  async #cohorts(tx: Tx, { clinicId, id }: Programme): Promise<Cohort[]> {
    return tx.em.find(Cohort, { clinicId, programmeId: id }, { orderBy: { startsAt: 'asc' } });
  }

  async #view(tx: Tx, programme: Programme): Promise<ProgrammeView> {
    const cohorts: CohortFacts[] = [];
    for (const { id, language, format, capacity, startsAt } of await this.#cohorts(tx, programme)) {
      const sessions = await this.records.sessions(tx, id);
      const free = Math.max(0, capacity - (await this.records.taken(tx, id)));
      cohorts.push({ id, language, format, capacity, free, startsAt, sessions: sessions.map((session) => ({ id: session.id, number: session.number, topic: session.topic, startsAt: session.startsAt, minutes: session.minutes })) });
    }
    return { ...factsOf(tx.scope, programme), cohorts };
  }
}

const factsOf = (scope: Scope, { id, state, title, description, notSuitableFor, cost, sessionsNeeded, ownerPractitionerId, ownerName, version }: Programme): ProgrammeFacts => ({
  id, state, title, description, notSuitableFor, cost, sessionsNeeded, version,
  owner: { practitionerId: ownerPractitionerId, name: ownerName },
  availableActions: state === 'open' && may(scope.actor, 'programme.write') ? ['cohorts', 'closure'] : [],
});
