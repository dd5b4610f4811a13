import { Inject, Injectable } from '@nestjs/common';
import { conflict, invalid, newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Patients } from '@cairn/people';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { Referrals, type ReferralFacts } from '@cairn/referrals';
import { AgendaItem } from './agenda-item.entity.js';
import { CasePacks } from './case-packs.service.js';
import { Colleagues } from './colleagues.service.js';
import { itemView, type ConferenceFacts } from './conference-facts.js';
import { ConferenceLedger } from './conference-ledger.service.js';
import { Conference, type Colleague } from './conference.entity.js';
import { itemTask } from './conference.fhir.js';
import rules from './conference-rules.json' with { type: 'json' };
import type { AgendaSource } from './conference-words.js';

/** An item that somebody puts on the agenda. */
export interface ItemRequest {
  readonly patientId: string;
  readonly referralId?: string | undefined;
  readonly question: string;
  readonly presenterId?: string | undefined;
  readonly minutes?: number | undefined;
  readonly source: AgendaSource;
  /** Why it can't wait; needed after the lock only. */
  readonly urgentReason?: string | undefined;
}

/** An item that comes back to the team by itself. */
export interface ReturnedItem {
  readonly patientId: string;
  readonly referralId: string | null;
  readonly serviceRequestId: string | null;
  readonly question: string;
  readonly presenter: Colleague | null;
  readonly source: AgendaSource;
}

/** What stands on an agenda, and what waits for the next one. */
@Injectable()
export class Agenda {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly transactions: Transactions,
    private readonly ledger: ConferenceLedger,
    private readonly packs: CasePacks,
    private readonly colleagues: Colleagues,
    private readonly patients: Patients,
    private readonly referrals: Referrals,
  ) {}

  /**
   * Adds an item. After the lock it must say why it is urgent, and gets its case pack at once. Refuses an unknown patient or presenter, a patient
   * who died, a referral of another patient, and a patient who stands on this agenda already.
   */
  async add(scope: Scope, conferenceId: string, request: ItemRequest): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.open(tx, conferenceId);
      const referral = await this.#check(tx, request);
      if (opened.items.some(({ patientId }) => patientId === request.patientId)) {
        throw conflict('This patient stands on the agenda already.', { code: 'conference.listed-already' });
      }
      const late = opened.conference.state !== 'planned';
      const item = tx.em.create(AgendaItem, {
        clinicId: scope.clinicId,
        id: newId(),
        conferenceId,
        position: (opened.items.at(-1)?.position ?? 0) + 1,
        patientId: request.patientId,
        referralId: referral?.id ?? null,
        serviceRequestId: referral?.serviceRequestId ?? null,
        question: request.question,
        presenter: request.presenterId ? await this.colleagues.named(tx, request.presenterId, 'presenterId') : null,
        minutes: request.minutes ?? rules.itemMinutes.value,
        source: request.source,
        urgentReason: late ? (request.urgentReason ?? null) : null,
        addedAt: tx.clock.now(),
        outcome: null,
        decision: null,
        version: 1,
      });
      opened.items.push(item);
      await this.ledger.step(tx, opened, 'add-item', { urgent: request.urgentReason !== undefined, itemId: item.id });
      await tx.flush();
      const view = await this.ledger.project(tx, opened);
      if (late) await this.packs.assemble(tx, view, itemView(item));
      return this.ledger.answer(tx, opened);
    });
  }

  /** Puts a case on the agenda of the next planned conference, or lets it wait for one. */
  async comeBack(tx: Tx, returned: ReturnedItem): Promise<void> {
    const next = await tx.em.findOne(
      Conference,
      { clinicId: tx.scope.clinicId, state: 'planned', startsAt: { $gt: tx.clock.now() } },
      { orderBy: { startsAt: 'asc', id: 'asc' } },
    );
    const opened = next && (await this.ledger.open(tx, next.id));
    // It may have been locked since it was found; then the case waits for the one after.
    const target = opened?.conference.state === 'planned' ? opened : undefined;
    const item = tx.em.create(AgendaItem, {
      ...returned,
      clinicId: tx.scope.clinicId,
      id: newId(),
      conferenceId: target?.conference.id ?? null,
      position: (target?.items.at(-1)?.position ?? 0) + 1,
      minutes: rules.itemMinutes.value,
      urgentReason: null,
      addedAt: tx.clock.now(),
      outcome: null,
      decision: null,
      version: 1,
    });
    await audit(tx, { action: 'create', what: 'conference.come-back', entities: [`Task/${item.id}`], patients: [item.patientId] });
    await tx.flush();
    if (!target) {
      await this.store.put(tx, itemTask(itemView(item), null, tx.clock.now()));
      return;
    }
    target.items.push(item);
    await this.ledger.step(tx, target, 'add-item', { itemId: item.id });
    await this.ledger.project(tx, target);
  }

  async #check(tx: Tx, { patientId, referralId }: ItemRequest): Promise<ReferralFacts | undefined> {
    const refuse = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] });
    const patient = await this.patients.get(tx, patientId);
    if (!patient) throw refuse('patientId', 'is no patient of this clinic');
    if (patient.deceased) throw conflict('The patient has died.', { code: 'patient.deceased' });
    if (referralId === undefined) return undefined;
    const referral = await this.referrals.get(tx, referralId);
    if (!referral || referral.patientId !== patientId) throw refuse('referralId', 'is no referral of this patient');
    return referral;
  }
}
