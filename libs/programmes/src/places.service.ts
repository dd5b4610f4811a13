import { Injectable } from '@nestjs/common';
import { daysAfter } from '@cairn/people';
import { Clinics, type Tx } from '@cairn/platform';
import type { Cohort } from './cohort.entity.js';
import { EnrolmentRecords, type EnrolmentRows } from './enrolment-records.service.js';
import { Enrolment } from './enrolment.entity.js';
import type { Programme } from './programme.entity.js';
import { ENROLMENT_OFFERED } from './programmes.events.js';
import rules from './programme-rules.json' with { type: 'json' };
import { firstWhoFits, fits, type Place, type Waiting } from './waitlist.js';

const placeOf = ({ id, language, format }: Cohort): Place => ({ cohortId: id, language, format });

const waitingOf = ({ id, listedAt, createdAt, languages, formats, passedCohortIds }: Enrolment): Waiting => ({ id, listedAt: listedAt ?? createdAt, languages, formats, passedCohortIds });

/** Offers the places of cohorts: at a person's word, and by itself when one is freed. The programme's row must be locked. */
@Injectable()
export class Places {
  constructor(
    private readonly records: EnrolmentRecords,
    private readonly clinics: Clinics,
  ) {}

  /** Offers a place. Refuses where the cohort is full, does not fit, or somebody whom it fits stands before on the list. */
  async offer(tx: Tx, rows: EnrolmentRows, cohort: Cohort): Promise<void> {
    const { enrolment, programme } = rows;
    const now = tx.clock.now();
    const ahead = firstWhoFits((await this.#list(tx, programme)).filter(({ id }) => id !== enrolment.id).map(waitingOf), placeOf(cohort));
    // Somebody may be offered, at a person's word, what they passed over before.
    const self = { ...waitingOf(enrolment), passedCohortIds: [] };
    const first = !ahead || (enrolment.listedAt !== null && firstWhoFits([ahead, self], placeOf(cohort))?.id === enrolment.id);
    const freePlaces = cohort.startsAt > now ? cohort.capacity - (await this.records.taken(tx, cohort.id)) : 0;
    this.records.transit(tx, rows, 'offer', { freePlaces, fits: fits(self, placeOf(cohort)), first }, null);
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    const week = daysAfter(now, rules.offerOpenDays, zone);
    const until = week < cohort.startsAt ? week : cohort.startsAt;
    Object.assign(enrolment, { cohortId: cohort.id, offeredUntil: until, nextAction: 'Answer the offer of a place', nextAt: until });
    await this.records.save(tx, rows, 'enrolment.offer');
    await this.records.tell(tx, enrolment, ENROLMENT_OFFERED);
  }

  /** Offers every free place of the cohort to the first on the list whom it fits, until none is free or it fits nobody. */
  async fill(tx: Tx, programme: Programme, cohort: Cohort): Promise<void> {
    if (programme.state !== 'open' || cohort.startsAt <= tx.clock.now()) return;
    for (let free = cohort.capacity - (await this.records.taken(tx, cohort.id)); free > 0; free--) {
      const list = await this.#list(tx, programme);
      const next = firstWhoFits(list.map(waitingOf), placeOf(cohort));
      const enrolment = list.find(({ id }) => id === next?.id);
      if (!enrolment) return;
      await this.offer(tx, { programme, enrolment }, cohort);
    }
  }

  async #list(tx: Tx, programme: Programme): Promise<Enrolment[]> {
    await tx.flush();
    return tx.em.find(Enrolment, { clinicId: tx.scope.clinicId, programmeId: programme.id, state: 'waitlisted' }, { orderBy: { listedAt: 'asc', id: 'asc' } });
  }
}
