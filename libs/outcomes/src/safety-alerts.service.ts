import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { conflict, newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Clinics, audit, type Tx } from '@cairn/platform';
import rules from './outcome-rules.json' with { type: 'json' };
import { SAFETY_ALERT_ACKNOWLEDGED, SAFETY_ALERT_ESCALATED, SAFETY_ALERT_RAISED, SAFETY_WORK_OVERDUE } from './outcomes.events.js';
import { safetyRota } from './outcomes.settings.js';
import { alertFacts, type SafetyAlertFacts } from './safety-alert-facts.js';
import { turnAt, type RotaPerson } from './safety-rota.js';
import { SafetyAlertTransition } from './safety-alert-transition.entity.js';
import { SafetyAlert } from './safety-alert.entity.js';
import { safetyAlertWorkflow, type SafetyAlertEvent, type SafetyAlertState } from './safety-alert.workflow.js';
import { alertTask } from './task.fhir.js';

const MINUTE_MS = 60_000;

/** Whose turn it is where no rota names anybody. */
const NOBODY_NAMED: RotaPerson = { name: 'Any clinician of the clinic' };

/** A finding that a person must see. */
export interface Finding {
  readonly patientId: string;
  /** What it is about: a word of the feature that found it, and the id there. */
  readonly subject: { readonly kind: string; readonly id: string };
  /** `Type/id` of the resource that the Task is about. */
  readonly focus: string;
  readonly rule: { readonly id: string; readonly label: string };
  /** It tells of work left undone, not of something new about the patient. */
  readonly overdueWork?: true;
}

/** The subject of alerts that answers to questionnaires raise. */
export const ASSESSMENT_SUBJECT = 'assessment';

/** Raises safety alerts, passes them on, and takes a person's acknowledgement. */
@Injectable()
export class SafetyAlerts {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly clinics: Clinics,
  ) {}

  /** Raises the alert, or returns the one that stands open for this rule and subject (for an assessment: also one that was acknowledged). The subject's row must be locked. */
  async raise(tx: Tx, { patientId, subject, focus, rule, overdueWork }: Finding): Promise<SafetyAlertFacts> {
    const { clinicId, actor } = tx.scope;
    const open = subject.kind === ASSESSMENT_SUBJECT ? {} : { state: { $ne: 'acknowledged' as const } };
    const known = await tx.em.findOne(SafetyAlert, { clinicId, subjectKind: subject.kind, subjectId: subject.id, rule: rule.id, ...open });
    if (known) return alertFacts(known, actor);
    const now = tx.clock.now();
    const recorder = actor.kind === 'person' ? { name: actor.name } : NOBODY_NAMED;
    const turn = await this.#turn(tx, 0, recorder);
    const row = tx.em.create(SafetyAlert, {
      clinicId,
      id: newId(),
      patientId,
      subjectKind: subject.kind,
      subjectId: subject.id,
      assessmentId: subject.kind === ASSESSMENT_SUBJECT ? subject.id : null,
      rule: rule.id,
      label: rule.label,
      focus,
      state: safetyAlertWorkflow.initial,
      step: 0,
      ownerName: turn.person.name,
      ownerPractitionerId: turn.person.practitionerId ?? null,
      raisedAt: now,
      dueAt: turn.until,
      version: 1,
    });
    await this.#keep(tx, row, 'raise', null);
    await tx.emit(overdueWork ? SAFETY_WORK_OVERDUE : SAFETY_ALERT_RAISED, this.#ids(row));
    await tx.ring();
    return alertFacts(row, actor);
  }

  /** Notes that a person took charge of the finding where it was found. Does nothing where no alert stands open for it. */
  async settle(tx: Tx, subject: Finding['subject'], ruleId: string, note: string): Promise<void> {
    const row = await tx.em.findOne(
      SafetyAlert,
      { clinicId: tx.scope.clinicId, subjectKind: subject.kind, subjectId: subject.id, rule: ruleId, state: { $ne: 'acknowledged' } },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    if (row) await this.#acknowledge(tx, row, note);
  }

  /** The alert. Refuses with `not-found`. */
  async get(tx: Tx, id: string): Promise<SafetyAlertFacts> {
    const row = await tx.em.findOne(SafetyAlert, { clinicId: tx.scope.clinicId, id });
    if (!row) throw notFound('The safety alert');
    await audit(tx, { action: 'read', what: 'safety-alert.read', entities: [`Task/${row.id}`], patients: [row.patientId] });
    return alertFacts(row, tx.scope.actor);
  }

  /** A person takes charge and says what is being done. Refuses a job, and an alert that somebody acknowledged before. */
  async acknowledge(tx: Tx, id: string, note: string): Promise<SafetyAlertFacts> {
    const row = await this.lock(tx, id);
    await this.#acknowledge(tx, row, note);
    return alertFacts(row, tx.scope.actor);
  }

  /** Passes the alert to the next person of the rota. Refuses while the present one still has time. */
  async escalate(tx: Tx, row: SafetyAlert): Promise<void> {
    const from = row.state;
    row.state = nextState(safetyAlertWorkflow, from, 'escalate', workflowFacts(tx, row));
    row.step += 1;
    const turn = await this.#turn(tx, row.step, NOBODY_NAMED);
    Object.assign(row, { ownerName: turn.person.name, ownerPractitionerId: turn.person.practitionerId ?? null, dueAt: turn.until });
    await this.#keep(tx, row, 'escalate', from);
    await tx.emit(SAFETY_ALERT_ESCALATED, this.#ids(row));
  }

  /** Notes the number under which the patient wants to be called back. Refuses once somebody has acknowledged. */
  async noteCallBack(tx: Tx, assessmentId: string, phone: string): Promise<void> {
    const row = await tx.em.findOne(
      SafetyAlert,
      { clinicId: tx.scope.clinicId, assessmentId },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'desc' } },
    );
    if (!row) throw notFound('The safety alert');
    if (row.state === 'acknowledged') throw conflict('Somebody of the clinic is already taking care of this.', { code: 'safety-alert.acknowledged' });
    row.callBackPhone = phone;
    await this.#project(tx, row, null);
    await audit(tx, { action: 'update', what: 'safety-alert.call-back', entities: [`Task/${row.id}`], patients: [row.patientId] });
  }

  /** Whether this assessment raised an alert. */
  async standsFor(tx: Tx, assessmentId: string): Promise<boolean> {
    return (await tx.em.count(SafetyAlert, { clinicId: tx.scope.clinicId, assessmentId })) > 0;
  }

  /** The row, locked for the rest of the transaction. Refuses with `not-found`. */
  async lock(tx: Tx, id: string): Promise<SafetyAlert> {
    const row = await tx.em.findOne(SafetyAlert, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw notFound('The safety alert');
    return row;
  }

  async #acknowledge(tx: Tx, row: SafetyAlert, note: string): Promise<void> {
    const from = row.state;
    row.state = nextState(safetyAlertWorkflow, from, 'acknowledge', workflowFacts(tx, row));
    Object.assign(row, { acknowledgedAt: tx.clock.now(), acknowledgedBy: tx.scope.actor.id });
    await this.#keep(tx, row, 'acknowledge', from, note);
    await tx.emit(SAFETY_ALERT_ACKNOWLEDGED, this.#ids(row));
  }

  async #turn(tx: Tx, step: number, otherwise: RotaPerson): Promise<{ person: RotaPerson; until: Date }> {
    const clinic = await this.clinics.get(tx.scope.clinicId);
    const rota = safetyRota(clinic);
    const now = tx.clock.now();
    return rota ? turnAt(rota, step, now, clinic.zone) : { person: otherwise, until: new Date(now.getTime() + rules.acknowledgeWithinMinutes.value * MINUTE_MS) };
  }

  async #keep(tx: Tx, row: SafetyAlert, event: SafetyAlertEvent | 'raise', from: SafetyAlertState | null, note: string | null = null): Promise<void> {
    tx.em.create(SafetyAlertTransition, {
      clinicId: row.clinicId,
      id: newId(),
      alertId: row.id,
      event,
      fromState: from,
      toState: row.state,
      ownerName: row.ownerName,
      at: tx.clock.now(),
      actorKind: tx.scope.actor.kind,
      actorId: tx.scope.actor.id,
      reason: note,
    });
    await this.#project(tx, row, note);
    await audit(tx, {
      action: event === 'raise' ? 'create' : 'update',
      what: `safety-alert.${event}`,
      entities: [`Task/${row.id}`],
      patients: [row.patientId],
    });
    await tx.flush();
  }

  async #project(tx: Tx, row: SafetyAlert, note: string | null): Promise<void> {
    await this.store.put(
      tx,
      alertTask({
        ...row,
        ownerPractitionerId: row.ownerPractitionerId ?? null,
        callBackPhone: row.callBackPhone ?? null,
        acknowledgedNote: note,
        changedAt: tx.clock.now(),
      }),
    );
  }

  #ids(row: SafetyAlert): Record<string, string> {
    return { alertId: row.id, patientId: row.patientId, ...(row.assessmentId ? { assessmentId: row.assessmentId } : {}) };
  }
}

const workflowFacts = (tx: Tx, row: SafetyAlert): { byPerson: boolean; overdue: boolean } => ({
  byPerson: tx.scope.actor.kind === 'person',
  overdue: tx.clock.now() >= row.dueAt,
});
