import { Injectable } from '@nestjs/common';
import { invalid, notFound } from '@cairn/kernel';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { knowledge } from './medication/knowledge.js';
import type { MedicationSafety } from './medication/medication-safety.js';
import { contentOf, type PlanContent } from './plan-content.js';
import { differenceOf, type PlanDifference } from './plan-difference.js';
import type { Comparison, Page, PlanListing } from './plan.acts.js';
import { PlanMedication } from './plan-medication.service.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanReview } from './plan-review.entity.js';
import { PlanTransition } from './plan-transition.entity.js';
import { PlanVersion } from './plan-version.entity.js';
import { summaryOf, viewOf, type PlanSummary, type PlanView } from './plan-view.js';
import { Plan } from './plan.entity.js';
import { OPEN_REVIEW_STATES } from './review.workflow.js';

/** A wording that was in force. */
export interface VersionSummary {
  readonly revision: number;
  readonly why: string;
  readonly madeAt: Date;
  readonly madeBy: string;
}

/** Most steps of the log that one answer holds. */
const MOST_STEPS = 500;

/** Reads plans. Every look is audited. */
@Injectable()
export class PlanReading {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly medication: PlanMedication,
  ) {}

  /** Plans, newest first. */
  async list(scope: Scope, { patient, state, after, limit }: PlanListing): Promise<Page<PlanSummary>> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(
        Plan,
        { clinicId: scope.clinicId, ...(patient ? { patientId: patient } : {}), ...(state ? { state } : {}), ...(after ? { id: { $lt: after } } : {}) },
        { orderBy: { id: 'desc' }, limit: limit + 1 },
      );
      const kept = rows.slice(0, limit);
      const last = rows.length > limit ? kept.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'plan.list', patients: [...new Set(kept.map(({ patientId }) => patientId))] });
      return { items: kept.map((plan) => summaryOf({ plan })), ...(last ? { next: last.id } : {}) };
    });
  }

  /** The plan with what this actor may do now. Refuses with `not-found`. */
  async view(scope: Scope, id: string): Promise<PlanView> {
    return this.#reading(scope, id, 'plan.read', async (tx) => {
      const rows = await this.records.get(tx, id);
      const review = await tx.em.findOne(PlanReview, { clinicId: scope.clinicId, planId: id, state: { $in: [...OPEN_REVIEW_STATES] } });
      return viewOf(scope, rows, review ?? undefined);
    });
  }

  /** The wordings that were in force, oldest first. */
  async versions(scope: Scope, id: string): Promise<{ items: VersionSummary[] }> {
    return this.#reading(scope, id, 'plan.versions', async (tx) => {
      const versions = await this.#versions(tx, id);
      return { items: versions.map(({ revision, why, madeAt, madeBy }) => ({ revision, why, madeAt, madeBy })) };
    });
  }

  /**
   * How the wording `to` differs from `from`: without names, how the present wording differs from the last version in force before it (from
   * nothing, when there was none). Refuses a version that never was in force.
   */
  async difference(scope: Scope, id: string, { from, to }: Comparison): Promise<{ from: number | null; to: number; difference: PlanDifference }> {
    return this.#reading(scope, id, 'plan.difference', async (tx) => {
      const { plan, goals, activities } = await this.records.get(tx, id);
      const versions = new Map((await this.#versions(tx, id)).map((version) => [version.revision, version.content]));
      const wordingOf = (revision: number, field: string): PlanContent => {
        const content = versions.get(revision) ?? (revision === plan.revision ? contentOf(plan, goals, activities) : undefined);
        if (!content) throw invalid('There is no such version.', { code: 'fields', issues: [{ path: field, message: `must be one of: ${[...versions.keys()].join(', ') || 'none yet'}` }] });
        return content;
      };
      const newer = to ?? plan.revision;
      const older = from ?? [...versions.keys()].filter((revision) => revision < newer).at(-1);
      return {
        from: older ?? null,
        to: newer,
        difference: differenceOf(older === undefined ? undefined : wordingOf(older, 'from'), wordingOf(newer, 'to')),
      };
    });
  }

  /** Who moved what, oldest first. */
  async transitions(scope: Scope, id: string): Promise<{ items: PlanTransition[] }> {
    return this.#reading(scope, id, 'plan.transitions', async (tx) => ({
      items: await tx.em.find(PlanTransition, { clinicId: scope.clinicId, planId: id }, { orderBy: { id: 'asc' }, limit: MOST_STEPS }),
    }));
  }

  /** What the patient's prescriptions on record mean for safety, with the table's own cautions. */
  async medicationSafety(scope: Scope, id: string): Promise<MedicationSafety & { readonly guideline: string; readonly use: string; readonly cautions: readonly string[] }> {
    return this.#reading(scope, id, 'plan.medication-safety', async (tx) => {
      const { plan } = await this.records.get(tx, id);
      const { safety } = await this.medication.of(tx, plan.patientId);
      return { ...safety, guideline: knowledge.guideline, use: knowledge.use, cautions: safety.opioids.length > 0 ? knowledge.cautions : [] };
    });
  }

  async #versions(tx: Tx, planId: string): Promise<PlanVersion[]> {
    return tx.em.find(PlanVersion, { clinicId: tx.scope.clinicId, planId }, { orderBy: { revision: 'asc' } });
  }

  async #reading<T>(scope: Scope, id: string, what: string, read: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transactions.run(scope, async (tx) => {
      const plan = await tx.em.findOne(Plan, { clinicId: scope.clinicId, id });
      if (!plan) throw notFound('The plan');
      await audit(tx, { action: 'read', what, entities: [`CarePlan/${id}`], patients: [plan.patientId] });
      return read(tx);
    });
  }
}
