import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { ASSESSMENT_COMPLETED, ASSESSMENT_EXPIRED, Assessments, SAFETY_ALERT_RAISED, Trends } from '@cairn/outcomes';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { MISSED_APPOINTMENTS, type TriggerId } from './cadence/cadence-table.js';
import { PLAN_FACTS_CHANGED } from './plan.events.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PlanSchedule } from './plan-schedule.service.js';

/** Brings a review forward when something happens that should not wait for its date. */
@Injectable()
export class PlanTriggers implements EventHandler {
  readonly name = 'plans.triggers';
  readonly events = [ASSESSMENT_COMPLETED, ASSESSMENT_EXPIRED, SAFETY_ALERT_RAISED, PLAN_FACTS_CHANGED];

  constructor(
    private readonly records: PlanRecords,
    private readonly schedule: PlanSchedule,
    private readonly assessments: Assessments,
    private readonly trends: Trends,
    private readonly store: FhirStore,
  ) {}

  async handle(tx: Tx, event: OutboxEvent): Promise<void> {
    const patientId = event.ids['patientId'];
    const rows = patientId ? await this.records.lockInForce(tx, patientId) : undefined;
    if (!rows) return;
    if (event.event === PLAN_FACTS_CHANGED) await this.schedule.reconsider(tx, rows);
    const trigger = await this.#triggerOf(tx, rows, event);
    if (trigger) await this.schedule.bringForward(tx, rows, trigger);
    await this.records.save(tx, rows, 'plan.reconsider');
  }

  async #triggerOf(tx: Tx, rows: PlanRows, { event, ids }: OutboxEvent): Promise<TriggerId | undefined> {
    switch (event) {
      case SAFETY_ALERT_RAISED:
        return 'safety-alert';
      case ASSESSMENT_EXPIRED:
        return 'questionnaire-unanswered';
      case ASSESSMENT_COMPLETED:
        return (await this.#gotWorse(tx, ids['assessmentId'])) ? 'outcome-worse' : undefined;
      default:
        return (await this.#missedTooMany(tx, rows)) ? 'missed-appointments' : undefined;
    }
  }

  /** Whether this answer is the patient's latest by its instrument and worse than the baseline by more than the smallest change that matters. */
  async #gotWorse(tx: Tx, assessmentId: string | undefined): Promise<boolean> {
    const assessment = assessmentId ? await this.assessments.get(tx, assessmentId) : undefined;
    if (!assessment) return false;
    const { latest } = await this.trends.of(tx, assessment.patientId, assessment.instrument);
    return latest?.assessmentId === assessment.id && latest.change?.trend === 'worse';
  }

  /** Whether so many appointments were missed since the present interval began that the review should not wait. */
  async #missedTooMany(tx: Tx, { plan }: PlanRows): Promise<boolean> {
    const review = await this.schedule.open(tx, plan.id);
    if (!review) return false;
    const missed = await this.store.search(tx, 'Appointment', { patient: `Patient/${plan.patientId}`, status: 'noshow', date: `ge${review.createdAt.toISOString()}` });
    return missed.length >= MISSED_APPOINTMENTS;
  }
}
