import type { AnsweredBy, Assessment, Occasion } from './assessment.entity.js';
import type { AssessmentFacts as WorkflowFacts, AssessmentState } from './assessment.workflow.js';
import { instrumentOf } from './instrument.js';
import { decimalOf } from './score.js';

/** An assessment as other features and the REST interface see it. */
export interface AssessmentFacts {
  readonly id: string;
  readonly patientId: string;
  readonly instrument: string;
  readonly instrumentVersion: string;
  readonly occasion: Occasion;
  readonly answeredBy: AnsweredBy;
  readonly reason: string;
  readonly state: AssessmentState;
  readonly requestedAt: Date;
  /** From when on the patient is asked. */
  readonly opensAt: Date;
  readonly dueAt: Date;
  readonly expiresAt: Date;
  readonly answeredAt: Date | null;
  /** The score as a decimal, such as "5.7". */
  readonly score: string | null;
  readonly responseId: string | null;
  readonly version: number;
}

export function factsOf(row: Assessment): AssessmentFacts {
  const { scoreSum: sum, scoreDivisor: divisor } = row;
  return {
    id: row.id,
    patientId: row.patientId,
    instrument: row.instrument,
    instrumentVersion: row.instrumentVersion,
    occasion: row.occasion,
    answeredBy: row.answeredBy,
    reason: row.reason,
    state: row.state,
    requestedAt: row.requestedAt,
    opensAt: row.opensAt,
    dueAt: row.dueAt,
    expiresAt: row.expiresAt,
    answeredAt: row.answeredAt ?? null,
    score: sum == null || divisor == null ? null : decimalOf(instrumentOf(row.instrument), { sum, divisor }),
    responseId: row.responseId ?? null,
    version: row.version,
  };
}

/** What the workflow's rules look at, at this moment. */
export const workflowFacts = (row: Pick<Assessment, 'dueAt' | 'expiresAt'>, now: Date): WorkflowFacts => ({
  due: now >= row.dueAt,
  overdue: now >= row.expiresAt,
});
