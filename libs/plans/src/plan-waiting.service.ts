import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, type Tx } from '@cairn/platform';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PLAN_WAITING } from './plan.events.js';
import { escalationTask } from './review.fhir.js';

/** Asks a coordinator to look when a draft or paused plan goes past the date of its next action. The plan's row must be locked. */
@Injectable()
export class PlanWaiting {
  constructor(
    private readonly records: PlanRecords,
    private readonly store: FhirStore,
  ) {}

  /** Opens the Task, once for each time the plan waits. */
  async begin(tx: Tx, { plan }: PlanRows): Promise<void> {
    if (plan.waitingTaskId !== null || plan.nextAt === null) return;
    plan.waitingTaskId = newId();
    this.records.log(tx, plan, { subject: 'plan', subjectId: plan.id, event: 'escalate', from: plan.state, to: plan.state, why: plan.nextAction });
    const now = tx.clock.now();
    await this.store.create(
      tx,
      escalationTask({
        id: plan.waitingTaskId,
        plan,
        code: 'plan-waiting',
        text: 'A care plan waits for its next action',
        focus: `CarePlan/${plan.id}`,
        askedAt: now,
        changedAt: now,
        status: 'requested',
      }),
    );
    await audit(tx, { action: 'create', what: 'plan.escalate', entities: [`Task/${plan.waitingTaskId}`, `CarePlan/${plan.id}`], patients: [plan.patientId] });
    await tx.emit(PLAN_WAITING, { planId: plan.id, patientId: plan.patientId });
  }

  /** Closes the Task, because the plan waits no longer. Does nothing when there is none. */
  async end(tx: Tx, { plan }: PlanRows): Promise<void> {
    if (plan.waitingTaskId === null) return;
    const task = await this.store.read(tx, 'Task', plan.waitingTaskId);
    await this.store.update(tx, { ...task, status: 'completed', lastModified: tx.clock.now().toISOString() });
    plan.waitingTaskId = null;
  }
}
