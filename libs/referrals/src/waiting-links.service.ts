import { Inject, Injectable } from '@nestjs/common';
import { CairnError, notFound } from '@cairn/kernel';
import { PatientLinks, Patients, clinicContact } from '@cairn/people';
import { CONFIG, Clinics, Transactions, audit, type Config, type Scope, type Tx } from '@cairn/platform';
import { demandDeed } from './actions/referral-outlook.js';
import type { WaitingAnswer } from './referral.acts.js';
import { Referral } from './referral.entity.js';
import { WAITING_LINK } from './referral.events.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { WaitingList } from './waiting-list.service.js';

const DAY_MS = 86_400_000;

const unknownLink = (): CairnError => new CairnError('not-found', 'This link does not work: it may have expired, or not have been copied completely. Ask the clinic for a new one.', { code: 'waiting.unknown-link' });

/** Lets a waiting patient answer through a signed link, without signing in. */
@Injectable()
export class WaitingLinks {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CONFIG) private readonly config: Config,
    private readonly links: PatientLinks,
    private readonly clinics: Clinics,
    private readonly patients: Patients,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly waiting: WaitingList,
  ) {}

  /** The address to send to the patient; it works until they are asked the next time. Refuses a referral that does not wait. */
  async issue(scope: Scope, id: string): Promise<{ readonly url: string; readonly expiresAt: Date }> {
    return this.transactions.run(scope, async (tx) => {
      const referral = await tx.em.findOne(Referral, { clinicId: scope.clinicId, id });
      if (!referral) throw notFound('The referral');
      await demandDeed(tx, referral, 'make-waiting-link');
      const { stillWantedDays } = await this.moves.settings(tx);
      const expiresAt = new Date(tx.clock.now().getTime() + stillWantedDays * DAY_MS);
      const token = await this.links.issue(tx, { patientId: referral.patientId, purpose: WAITING_LINK, subject: referral.taskId, expiresAt });
      await audit(tx, { action: 'create', what: 'referral.waiting-link', entities: [`Task/${referral.taskId}`], patients: [referral.patientId] });
      return { url: `${this.config.PUBLIC_URL}/waiting/${token}`, expiresAt };
    });
  }

  /** Who asks, in which language the patient reads, and whether they still wait. Refuses with `not-found` a link that is unknown or expired. */
  async open(token: string, correlationId: string): Promise<{ readonly clinic: string; readonly language: string | undefined; readonly waits: boolean }> {
    const { scope, taskId, clinic } = await this.#open(token, correlationId);
    return this.transactions.run(scope, async (tx) => {
      const referral = await this.#referralOf(tx, taskId);
      await audit(tx, { action: 'read', what: 'referral.open-waiting-link', entities: [`Task/${referral.taskId}`], patients: [referral.patientId] });
      return { clinic, language: (await this.patients.get(tx, referral.patientId))?.language, waits: referral.state === 'waitlisted' };
    });
  }

  /** Takes the answer. Refuses with a conflict a patient who no longer waits. */
  async answer(token: string, correlationId: string, answer: WaitingAnswer): Promise<void> {
    const { scope, taskId } = await this.#open(token, correlationId);
    await this.transactions.run(scope, async (tx) => {
      const { id } = await this.#referralOf(tx, taskId);
      await this.waiting.answeredIn(tx, await this.decisions.lock(tx, id), answer, 'cairn');
    });
  }

  /** Links name the Task, by which also those who send them know the referral. */
  async #referralOf(tx: Tx, taskId: string): Promise<Referral> {
    const referral = await tx.em.findOne(Referral, { clinicId: tx.scope.clinicId, taskId });
    if (!referral) throw unknownLink();
    return referral;
  }

  async #open(token: string, correlationId: string): Promise<{ readonly scope: Scope; readonly taskId: string; readonly clinic: string }> {
    const link = await this.links.open(token, WAITING_LINK);
    const clinic = link && (await this.clinics.find(link.clinicId));
    if (!clinic) throw unknownLink();
    return { scope: { clinicId: clinic.id, actor: { kind: 'patient', id: link.patientId }, correlationId }, taskId: link.subject, clinic: clinicContact(clinic)?.neutralName ?? clinic.name };
  }
}
