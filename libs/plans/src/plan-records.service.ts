import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Referrals } from '@cairn/referrals';
import { audit, type AuditAction, type Tx } from '@cairn/platform';
import type { CarePlan, CareTeam, Goal, Task } from '@medplum/fhirtypes';
import { goalResource } from './goal.fhir.js';
import { PlanActivity } from './plan-activity.entity.js';
import { contentOf } from './plan-content.js';
import { PlanGoal } from './plan-goal.entity.js';
import { PlanTransition } from './plan-transition.entity.js';
import { PlanVersion } from './plan-version.entity.js';
import { Plan } from './plan.entity.js';
import { careTeam, carePlan } from './plan.fhir.js';

/** A plan with what belongs to it, in the order in which it is shown. */
export interface PlanRows {
  readonly plan: Plan;
  readonly goals: PlanGoal[];
  readonly activities: PlanActivity[];
}

/** A step of one of the machines, for the log. */
export interface Step {
  readonly subject: PlanTransition['subject'];
  readonly subjectId: string;
  readonly event: string;
  readonly from: string | null;
  readonly to: string;
  readonly why?: string | null;
}

/** Loads plans and writes them down: rows, log, versions and their FHIR faces. Decides nothing. */
@Injectable()
export class PlanRecords {
  constructor(
    private readonly store: FhirStore,
    private readonly referrals: Referrals,
  ) {}

  /** The plan and its parts. Refuses with `not-found`. */
  async get(tx: Tx, id: string): Promise<PlanRows> {
    return this.#load(tx, id, false);
  }

  /** The plan and its parts, the plan locked until the transaction ends: all that is decided about one plan is decided one after another. */
  async lock(tx: Tx, id: string): Promise<PlanRows> {
    return this.#load(tx, id, true);
  }

  /** Makes whoever else puts a plan of this patient in force wait until the transaction ends. */
  async holdPatient(tx: Tx, patientId: string): Promise<void> {
    await tx.query({ name: 'care-plan-hold-patient', text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [`care-plan/${tx.scope.clinicId}/${patientId}`] });
  }

  /** The patient's plan that is active or on hold, locked; undefined when there is none. */
  async lockInForce(tx: Tx, patientId: string): Promise<PlanRows | undefined> {
    const [row] = await tx.query<{ id: string }>({
      name: 'care-plan-in-force',
      text: `select id from care_plan where clinic_id = $1 and patient_id = $2 and state in ('active', 'on-hold')`,
      values: [tx.scope.clinicId, patientId],
    });
    return row ? this.lock(tx, row.id) : undefined;
  }

  /** The plan that the review belongs to. Refuses with `not-found`. */
  async planOf(tx: Tx, reviewId: string): Promise<string> {
    const [row] = await tx.query<{ plan_id: string }>({
      name: 'plan-of-review',
      text: 'select plan_id from plan_review where clinic_id = $1 and id = $2',
      values: [tx.scope.clinicId, reviewId],
    });
    if (!row) throw notFound('The review');
    return row.plan_id;
  }

  async #load(tx: Tx, id: string, locked: boolean): Promise<PlanRows> {
    const { clinicId } = tx.scope;
    // What was read before the lock may be stale by now.
    const refresh = locked;
    const plan = await tx.em.findOne(Plan, { clinicId, id }, { lockMode: locked ? LockMode.PESSIMISTIC_WRITE : LockMode.NONE, refresh });
    if (!plan) throw notFound('The plan');
    const goals = await tx.em.find(PlanGoal, { clinicId, planId: id }, { orderBy: { position: 'asc' }, refresh });
    const activities = await tx.em.find(PlanActivity, { clinicId, planId: id }, { orderBy: { position: 'asc' }, refresh });
    return { plan, goals, activities };
  }

  /** Writes a step of the plan, or of a part of it, into the log. */
  log(tx: Tx, plan: Plan, { subject, subjectId, event, from, to, why = null }: Step): void {
    const { clinicId, actor } = tx.scope;
    plan.steps += 1;
    tx.em.create(PlanTransition, {
      clinicId, id: newId(), planId: plan.id, subject, subjectId, event, fromState: from, toState: to, why,
      at: tx.clock.now(), actorKind: actor.kind, actorId: actor.id,
    });
  }

  /** Keeps the present wording as a version that later ones are compared with. */
  async keepVersion(tx: Tx, { plan, goals, activities }: PlanRows, why: string): Promise<void> {
    const { actor } = tx.scope;
    tx.em.create(PlanVersion, {
      clinicId: plan.clinicId,
      planId: plan.id,
      revision: plan.revision,
      content: contentOf(plan, goals, activities),
      why,
      madeAt: tx.clock.now(),
      madeBy: actor.kind === 'person' ? actor.name : actor.id,
    });
  }

  /** Writes the rows, the faces of all that changed, and who did it. `what` names the act. */
  async save(tx: Tx, rows: PlanRows, what: string, action: AuditAction = 'update', purpose?: string): Promise<void> {
    const { plan, goals } = rows;
    await tx.flush();
    const referral = plan.referralId ? await this.referrals.get(tx, plan.referralId) : undefined;
    for (const goal of goals) await this.put(tx, goalResource(goal, plan));
    await this.put(tx, careTeam(rows));
    await this.put(tx, carePlan({ ...rows, ...(referral ? { serviceRequestId: referral.serviceRequestId } : {}) }));
    await audit(tx, { action, what, entities: [`CarePlan/${plan.id}`], patients: [plan.patientId], ...(purpose ? { purpose } : {}) });
  }

  /** Writes a face; one that says the same already is left alone by the store. */
  async put(tx: Tx, resource: (CarePlan | CareTeam | Goal | Task) & { id: string }): Promise<void> {
    await this.store.put(tx, resource);
  }
}
