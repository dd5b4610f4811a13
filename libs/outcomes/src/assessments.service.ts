import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { conflict, invalid, newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Patients } from '@cairn/people';
import { Clinics, audit, type Tx } from '@cairn/platform';
import { factsOf, workflowFacts, type AssessmentFacts } from './assessment-facts.js';
import { AssessmentTransition } from './assessment-transition.entity.js';
import { Assessment, type AnsweredBy, type Occasion } from './assessment.entity.js';
import { assessmentWorkflow, type AssessmentEvent } from './assessment.workflow.js';
import { canRaiseAlert, instrumentOf, type Instrument } from './instrument.js';
import rules from './outcome-rules.json' with { type: 'json' };
import { ASSESSMENT_EXPIRED, ASSESSMENT_REMINDED, ASSESSMENT_REQUESTED } from './outcomes.events.js';
import { safetyRota } from './outcomes.settings.js';
import { Questionnaires } from './questionnaires.service.js';
import { assessmentTask } from './task.fhir.js';

const DAY_MS = 86_400_000;

/** What is asked of whom. */
export interface AssessmentRequest {
  readonly patientId: string;
  /** Id of an instrument, such as `peg`. */
  readonly instrument: string;
  /** Why, in a few words for the clinic's eyes. */
  readonly reason: string;
  readonly occasion: Occasion;
  /** When it should be answered by. */
  readonly dueAt: Date;
  /** `patient`: through a link, away from the clinic. `staff`: together with the patient. Default `patient`. */
  readonly answeredBy?: AnsweredBy | undefined;
}

const eventOf: Readonly<Record<Exclude<AssessmentEvent, 'answer'>, string>> = { remind: ASSESSMENT_REMINDED, expire: ASSESSMENT_EXPIRED };

/** Asks for questionnaires and keeps their clocks. Answering is {@link AssessmentAnswers}. */
@Injectable()
export class Assessments {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly questionnaires: Questionnaires,
    private readonly patients: Patients,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Asks for a questionnaire. Where an open one of the same instrument, patient and due time exists, that one is returned, so that asking
   * twice asks once. Refuses an unknown instrument or patient, a patient who died, a due time in the past, and an instrument that can raise
   * a safety alert, at a distance, where no rota would read the alert (`assessment.no-rota`).
   */
  async request(tx: Tx, request: AssessmentRequest): Promise<AssessmentFacts> {
    const instrument = instrumentOf(request.instrument);
    const now = tx.clock.now();
    if (request.dueAt <= now) {
      const message = 'The due time has passed. Name a later one.';
      throw invalid(message, { code: 'fields', issues: [{ path: 'dueAt', message }] });
    }
    await this.#demandLiving(tx, request.patientId);
    const answeredBy = request.answeredBy ?? 'patient';
    if (answeredBy === 'patient') await this.demandRota(tx, instrument);
    // Two requests at once must not both find nothing: the second waits here and then finds the first.
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`assessment/${tx.scope.clinicId}/${request.patientId}/${instrument.id}`]);
    const known = await tx.em.findOne(Assessment, {
      clinicId: tx.scope.clinicId,
      patientId: request.patientId,
      instrument: instrument.id,
      dueAt: request.dueAt,
      state: { $in: ['requested', 'reminded'] },
    });
    if (known) return factsOf(known);

    const expiresAt = new Date(request.dueAt.getTime() + rules.expiresDaysAfterDue.value * DAY_MS);
    const row = tx.em.create(Assessment, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      patientId: request.patientId,
      instrument: instrument.id,
      instrumentVersion: instrument.version,
      occasion: request.occasion,
      answeredBy,
      reason: request.reason,
      state: assessmentWorkflow.initial,
      requestedAt: now,
      opensAt: new Date(Math.max(now.getTime(), request.dueAt.getTime() - rules.linkOpensDaysBeforeDue.value * DAY_MS)),
      dueAt: request.dueAt,
      expiresAt,
      nextAt: answeredBy === 'patient' ? request.dueAt : expiresAt,
      version: 1,
    });
    await this.questionnaires.ensure(tx, instrument);
    this.record(tx, row, 'request', null);
    await this.project(tx, row);
    await audit(tx, { action: 'create', what: 'assessment.request', entities: [`Task/${row.id}`], patients: [row.patientId] });
    await tx.emit(ASSESSMENT_REQUESTED, { assessmentId: row.id, patientId: row.patientId });
    await tx.flush();
    return factsOf(row);
  }

  /** The assessment, or undefined when the clinic has none with this id. */
  async get(tx: Tx, id: string): Promise<AssessmentFacts | undefined> {
    const row = await tx.em.findOne(Assessment, { clinicId: tx.scope.clinicId, id });
    return row ? factsOf(row) : undefined;
  }

  /** The row, locked for the rest of the transaction. Refuses with `not-found`. */
  async lock(tx: Tx, id: string): Promise<Assessment> {
    const row = await tx.em.findOne(Assessment, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw notFound('The assessment');
    return row;
  }

  /** Reminds or expires, when the workflow says that it is time. Refuses with the workflow's rule when it isn't. */
  async advance(tx: Tx, row: Assessment, event: 'remind' | 'expire'): Promise<void> {
    const from = row.state;
    row.state = nextState(assessmentWorkflow, from, event, workflowFacts(row, tx.clock.now()));
    row.nextAt = event === 'remind' ? row.expiresAt : null;
    this.record(tx, row, event, from);
    await this.project(tx, row);
    await audit(tx, { action: 'update', what: `assessment.${event}`, entities: [`Task/${row.id}`], patients: [row.patientId] });
    await tx.emit(eventOf[event], { assessmentId: row.id, patientId: row.patientId });
  }

  /** Refuses what can raise a safety alert while nobody is named to read it. Source of the rule: a remote PHQ-9 only where a rota is configured. */
  async demandRota(tx: Tx, instrument: Instrument): Promise<void> {
    if (!canRaiseAlert(instrument) || safetyRota(await this.clinics.get(tx.scope.clinicId))) return;
    throw conflict(
      'This questionnaire can reveal danger, and no rota is set up to read such answers. Set up the rota (clinic settings, outcomes.safetyRota), or fill it in together with the patient.',
      { code: 'assessment.no-rota' },
    );
  }

  /** Writes a step into the ledger. */
  record(tx: Tx, row: Assessment, event: AssessmentEvent | 'request', from: Assessment['state'] | null): void {
    tx.em.create(AssessmentTransition, {
      clinicId: row.clinicId,
      id: newId(),
      assessmentId: row.id,
      event,
      fromState: from,
      toState: row.state,
      at: tx.clock.now(),
      actorKind: tx.scope.actor.kind,
      actorId: tx.scope.actor.id,
    });
  }

  /** Writes the Task that others see. */
  async project(tx: Tx, row: Assessment): Promise<void> {
    const task = assessmentTask({ ...factsOf(row), instrument: instrumentOf(row.instrument), changedAt: tx.clock.now() });
    await this.store.put(tx, task);
  }

  async #demandLiving(tx: Tx, patientId: string): Promise<void> {
    const patient = await this.patients.get(tx, patientId);
    if (!patient) {
      const message = 'There is no such patient.';
      throw invalid(message, { code: 'fields', issues: [{ path: 'patientId', message }] });
    }
    if (patient.deceased) throw conflict('The patient has died.', { code: 'patient.deceased' });
  }
}
