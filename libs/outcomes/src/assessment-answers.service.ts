import { Inject, Injectable } from '@nestjs/common';
import { conflict, decide, newId, refused, type CairnError } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { alertsFor, readAnswers, refuseAnswers, sameAnswers, type Answers } from './answers.js';
import { factsOf, workflowFacts, type AssessmentFacts } from './assessment-facts.js';
import type { Assessment } from './assessment.entity.js';
import { assessmentWorkflow } from './assessment.workflow.js';
import { Assessments } from './assessments.service.js';
import { instrumentOf, type Instrument } from './instrument.js';
import { observationsOf } from './observation.fhir.js';
import { ASSESSMENT_COMPLETED } from './outcomes.events.js';
import { answersOf, responseOf } from './response.fhir.js';
import type { SafetyAlertFacts } from './safety-alert-facts.js';
import { ASSESSMENT_SUBJECT, SafetyAlerts } from './safety-alerts.service.js';
import { scoreOf } from './score.js';

/** What came of a submission. `refusal` stands where the answers were not taken; alerts they raised stand nonetheless. */
export interface Answered {
  readonly assessment: AssessmentFacts;
  readonly alerts: readonly SafetyAlertFacts[];
  readonly refusal: CairnError | undefined;
}

/** Takes answers: checks them, scores them, stores them as FHIR, and raises the alarm when one of them is dangerous. */
@Injectable()
export class AssessmentAnswers {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly transactions: Transactions,
    private readonly assessments: Assessments,
    private readonly alerts: SafetyAlerts,
  ) {}

  /**
   * Answers the assessment. The same answers sent twice are one submission; other answers after the first are refused, as are incomplete or
   * impossible ones and those that come too late. A dangerous answer raises its alert in every one of these cases: the person gave it.
   * Refuses with `not-found` an unknown assessment; every other refusal is returned, so that the alert commits.
   */
  async answer(scope: Scope, assessmentId: string, submitted: Readonly<Record<string, unknown>>): Promise<Answered> {
    return this.transactions.run(scope, async (tx) => {
      const row = await this.assessments.lock(tx, assessmentId);
      const instrument = instrumentOf(row.instrument);
      const { answers, issues } = readAnswers(instrument, submitted);
      const alerts: SafetyAlertFacts[] = [];
      for (const rule of alertsFor(instrument, answers)) alerts.push(await this.alerts.raise(tx, { patientId: row.patientId, subject: { kind: ASSESSMENT_SUBJECT, id: row.id }, focus: `Task/${row.id}`, rule }));
      const refusal = issues.length > 0 ? refuseAnswers(issues) : await this.#take(tx, row, instrument, answers);
      await tx.flush();
      return { assessment: factsOf(row), alerts, refusal };
    });
  }

  async #take(tx: Tx, row: Assessment, instrument: Instrument, answers: Answers): Promise<CairnError | undefined> {
    if (row.state === 'completed') return this.#again(tx, row, instrument, answers);
    const from = row.state;
    const now = tx.clock.now();
    const decision = decide(assessmentWorkflow, from, 'answer', workflowFacts(row, now));
    if (!decision.ok) return refused(decision.refusal);
    const score = scoreOf(instrument, answers);
    if (!score) throw new Error('A complete submission has a score.');

    const responseId = newId();
    Object.assign(row, { state: decision.to, answeredAt: now, nextAt: null, responseId, scoreSum: score.sum, scoreDivisor: score.divisor });
    const { actor } = tx.scope;
    const enteredBy = actor.kind === 'person' ? actor.name : undefined;
    await this.store.create(tx, responseOf({ id: responseId, assessmentId: row.id, patientId: row.patientId, instrument, answers, answeredAt: now, enteredBy }));
    for (const observation of observationsOf({ patientId: row.patientId, instrument, answers, score, responseId, answeredAt: now, recordedAt: now, newId })) {
      await this.store.create(tx, observation);
    }
    this.assessments.record(tx, row, 'answer', from);
    await this.assessments.project(tx, row);
    await audit(tx, {
      action: 'update',
      what: 'assessment.answer',
      entities: [`Task/${row.id}`, `QuestionnaireResponse/${responseId}`],
      patients: [row.patientId],
    });
    await tx.emit(ASSESSMENT_COMPLETED, { assessmentId: row.id, patientId: row.patientId });
    return undefined;
  }

  async #again(tx: Tx, row: Assessment, instrument: Instrument, answers: Answers): Promise<CairnError | undefined> {
    const response = row.responseId ? await this.store.find(tx, 'QuestionnaireResponse', row.responseId) : undefined;
    if (response && sameAnswers(answersOf(instrument, response), answers)) return undefined;
    return conflict('This questionnaire has been answered already. The first answers stand; ask the clinic if they need correcting.', {
      code: 'assessment.already-answered',
    });
  }
}
