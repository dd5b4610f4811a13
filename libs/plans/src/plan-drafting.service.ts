import { Injectable } from '@nestjs/common';
import { conflict, invalid, newId } from '@cairn/kernel';
import { Recommendations, type RecommendationFacts } from '@cairn/conferences';
import { Patients, Practitioners, daysAfter } from '@cairn/people';
import { Referrals } from '@cairn/referrals';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { AGREE_WITHIN_DAYS } from './cadence/cadence-table.js';
import { activityFromRecommendation, recommendationSummary } from './recommendation-activities.js';
import type { Agreement, Draft, Wording } from './plan.acts.js';
import { PLAN_DRAFTED } from './plan.events.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PlanSteps } from './plan-steps.service.js';
import { PlanWording } from './plan-wording.service.js';
import { Plan } from './plan.entity.js';
import { isEditable } from './plan.workflow.js';

/** Drafts plans, edits drafts, and records the patient's agreement. Each act answers with the plan's id. */
@Injectable()
export class PlanDrafting {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly steps: PlanSteps,
    private readonly wording: PlanWording,
    private readonly recommendations: Recommendations,
    private readonly referrals: Referrals,
    private readonly patients: Patients,
    private readonly practitioners: Practitioners,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Drafts a plan by hand, or from what conferences recommended for one patient: each recommendation becomes an activity of its owner and
   * counts as accepted. Refuses recommendations of different patients or that are no care of this clinic, an unknown patient, and one who died.
   */
  async draft(scope: Scope, body: Draft): Promise<string> {
    return this.transactions.run(scope, async (tx) => {
      const recommended = await this.#recommended(tx, body.recommendationIds);
      const patientId = await this.#patientOf(tx, body.patientId, recommended);
      const plan = tx.em.create(Plan, {
        clinicId: scope.clinicId,
        id: newId(),
        patientId,
        referralId: await this.#referralOf(tx, body.referralId, patientId, recommended),
        recommendationIds: [...body.recommendationIds],
        state: 'draft',
        title: body.title,
        summary: body.summary ?? recommendationSummary(recommended),
        ...(await this.#owner(tx, body)),
        revision: 1,
        agreedRevision: null, agreedAt: null, agreedBy: null, agreedHow: null, agreementNote: null, agreementRecordedBy: null,
        ...(await this.#toAgree(tx)),
        waitingTaskId: null, holdReason: null, activatedAt: null, endedAt: null, endReason: null,
        careTeamId: newId(),
        createdAt: tx.clock.now(),
        steps: 0,
        version: 1,
      });
      this.records.log(tx, plan, { subject: 'plan', subjectId: plan.id, event: 'draft', from: null, to: plan.state });
      const rows: PlanRows = { plan, goals: [], activities: [] };
      const activities = [...recommended.map(activityFromRecommendation), ...body.activities];
      await this.wording.write(tx, rows, { goals: body.goals, activities });
      for (const { id, state } of recommended) if (state === 'proposed') await this.recommendations.accept(tx, id);
      await this.records.save(tx, rows, 'plan.draft', 'create');
      await tx.emit(PLAN_DRAFTED, { planId: plan.id, patientId });
      return plan.id;
    });
  }

  /**
   * Replaces the wording of a draft. Goals and activities that carry an id of the draft are kept and changed, the others are new; what is
   * missing is dropped. An agreement recorded before no longer counts. Refuses a plan that is no draft, and a stale version.
   */
  async rewrite(scope: Scope, id: string, body: Wording, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, id);
      expectVersion(readVersion, rows.plan.version);
      demandDraft(rows);
      const { plan } = rows;
      Object.assign(plan, { title: body.title, summary: body.summary, ownerPractitionerId: body.owner.practitionerId, ownerName: body.owner.name, revision: plan.revision + 1 });
      for (const goal of rows.goals) if (goal.lifecycle === 'accepted') this.steps.goal(tx, rows, goal, 'reconsider', 'The draft was edited.');
      await this.wording.write(tx, rows, body);
      await this.records.save(tx, rows, 'plan.edit');
    });
  }

  /**
   * Records that the patient, or their caregiver, agreed to the present wording: who, when, how. Refuses a plan that is no draft, one without
   * a goal, a stale version, and a time to come.
   */
  async agree(scope: Scope, id: string, body: Agreement, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, id);
      expectVersion(readVersion, rows.plan.version);
      demandDraft(rows);
      const { plan, goals } = rows;
      if (goals.length === 0) throw conflict('Add at least one goal before the patient agrees to the plan.', { code: 'plan.goal-needed' });
      const now = tx.clock.now();
      const at = body.at ? new Date(body.at) : now;
      if (at > now) {
        const message = 'must not lie in the future: record an agreement when it was given';
        throw invalid('The time of the agreement is wrong.', { code: 'fields', issues: [{ path: 'at', message }] });
      }
      Object.assign(plan, {
        agreedRevision: plan.revision,
        agreedAt: at,
        agreedBy: body.by,
        agreedHow: body.how,
        agreementNote: body.note,
        agreementRecordedBy: scope.actor.kind === 'person' ? scope.actor.name : scope.actor.id,
        nextAction: 'Activate the plan',
      });
      this.records.log(tx, plan, { subject: 'plan', subjectId: plan.id, event: 'agree', from: plan.state, to: plan.state, why: body.note });
      for (const goal of goals) if (goal.lifecycle === 'proposed') this.steps.goal(tx, rows, goal, 'accept');
      await this.records.save(tx, rows, 'plan.agreement');
    });
  }

  async #recommended(tx: Tx, ids: readonly string[]): Promise<RecommendationFacts[]> {
    const found: RecommendationFacts[] = [];
    for (const [position, id] of ids.entries()) {
      const recommendation = await this.recommendations.get(tx, id);
      const path = `recommendationIds.${position}`;
      if (!recommendation) throw fieldError(path, 'names no recommendation of a signed conference');
      if (recommendation.state === 'done' || recommendation.state === 'not-done') throw fieldError(path, 'names a recommendation that is settled already');
      found.push(recommendation);
    }
    return found;
  }

  async #patientOf(tx: Tx, named: string | undefined, recommended: readonly RecommendationFacts[]): Promise<string> {
    const ids = new Set([...(named === undefined ? [] : [named]), ...recommended.map(({ patientId }) => patientId)]);
    const [id] = ids;
    if (id === undefined || ids.size > 1) throw fieldError('recommendationIds', 'must all be about the same patient, the one of the plan');
    const patient = await this.patients.get(tx, id);
    if (!patient) throw fieldError('patientId', 'names no patient of this clinic');
    if (patient.deceased) throw conflict('The patient has died.', { code: 'patient.deceased' });
    return id;
  }

  async #referralOf(tx: Tx, named: string | undefined, patientId: string, recommended: readonly RecommendationFacts[]): Promise<string | null> {
    if (named === undefined) return recommended.find(({ referralId }) => referralId !== null)?.referralId ?? null;
    const referral = await this.referrals.get(tx, named);
    if (referral?.patientId !== patientId) throw fieldError('referralId', "names no referral of the plan's patient");
    return named;
  }

  async #owner(tx: Tx, { owner }: Draft): Promise<Pick<Plan, 'ownerPractitionerId' | 'ownerName'>> {
    if (owner) return { ownerPractitionerId: owner.practitionerId, ownerName: owner.name };
    const { actor } = tx.scope;
    if (actor.kind !== 'person') throw fieldError('owner', 'must say who answers for the plan');
    const known = await this.practitioners.ofUser(tx, actor.id);
    return { ownerPractitionerId: known?.id ?? null, ownerName: known?.display ?? actor.name };
  }

  async #toAgree(tx: Tx): Promise<Pick<Plan, 'nextAction' | 'nextAt'>> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    return { nextAction: 'Agree the plan with the patient', nextAt: daysAfter(tx.clock.now(), AGREE_WITHIN_DAYS, zone) };
  }
}

const demandDraft = ({ plan }: PlanRows): void => {
  if (!isEditable(plan.state)) throw conflict('Only a draft can be edited or agreed to; a plan in force changes through its reviews.', { code: 'plan.not-draft' });
};

const fieldError = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] });
