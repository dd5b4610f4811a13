import { Inject, Injectable } from '@nestjs/common';
import { invalid, newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import type { Hold, Visit } from './referral.acts.js';
import type { Referral } from './referral.entity.js';
import { bookedAppointment, endAppointment } from './referral.fhir.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { HOLD_REASONS } from './referral.settings.js';

/** Brings an accepted patient to be seen: the waiting list, the visit, the pause. */
@Injectable()
export class ReferralCare {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly projection: ReferralProjection,
  ) {}

  async waitlist(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.moves.move(tx, referral, 'waitlist', { comment }));
  }

  /** Writes down the visit that was agreed, as an Appointment based on the request. Refuses a time that has passed, or a practitioner who is not known. */
  async book(scope: Scope, id: string, visit: Visit, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      const now = tx.clock.now();
      if (visit.start <= now) throw invalid('A visit is booked for a time to come.', { issues: [{ path: 'start', message: 'Must lie in the future.' }] });
      if (visit.practitionerId && !(await this.store.find(tx, 'Practitioner', visit.practitionerId))) {
        throw invalid('The practitioner is not known here.', { issues: [{ path: 'practitionerId', message: 'Must be the id of a Practitioner of this clinic.' }] });
      }
      const appointmentId = newId();
      await this.moves.move(tx, referral, 'book', { change: (row) => Object.assign(row, { appointmentId, appointmentAt: visit.start }) });
      const view = this.projection.view(referral, await this.moves.settings(tx));
      await this.store.create(tx, bookedAppointment(appointmentId, view, visit, now));
    });
  }

  /** The patient came: both clocks stop. */
  async attend(scope: Scope, id: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'attend');
      await this.endVisit(tx, referral, 'fulfilled');
    });
  }

  /** The patient did not come. */
  async miss(scope: Scope, id: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'miss');
      await this.endVisit(tx, referral, 'noshow');
    });
  }

  /** The visit was called off. */
  async cancelVisit(scope: Scope, id: string, reason: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'cancel-appointment', { comment: reason });
      await this.endVisit(tx, referral, 'cancelled', reason);
    });
  }

  /** Care has begun without a visit booked here: by phone, elsewhere, or by a plan. */
  async begin(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.beginIn(tx, referral, { comment }));
  }

  /** The same inside a transaction, for features that begin care by rule. */
  async beginIn(tx: Tx, referral: Referral, how: { readonly comment: string; readonly as?: 'cairn' }): Promise<void> {
    await this.moves.move(tx, referral, 'begin-care', how);
    await this.endVisit(tx, referral, 'cancelled', 'Care began before the visit.');
  }

  async hold(scope: Scope, id: string, { reason, comment }: Hold, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.moves.move(tx, referral, 'hold', { reason: { code: reason, text: HOLD_REASONS[reason] }, comment }));
  }

  async resume(scope: Scope, id: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.moves.move(tx, referral, 'resume'));
  }

  /** Ends the visit that is booked, if one is: its Appointment says how. */
  async endVisit(tx: Tx, referral: Referral, ended: 'fulfilled' | 'noshow' | 'cancelled', reason?: string): Promise<void> {
    if (!referral.appointmentId) return;
    await this.store.amend(tx, 'Appointment', referral.appointmentId, (appointment) => endAppointment(appointment, ended, reason));
    Object.assign(referral, { appointmentId: null, appointmentAt: null });
    await tx.flush();
  }

  async #on(scope: Scope, id: string, version: number | undefined, act: (tx: Tx, referral: Referral) => Promise<void>): Promise<void> {
    await this.transactions.run(scope, async (tx) => act(tx, await this.decisions.lock(tx, id, version)));
  }
}
