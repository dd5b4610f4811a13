/**
 * What outcomes tells the other features. Assessment events carry `{ assessmentId, patientId }`, alert events `{ alertId, patientId }`, and the `assessmentId` where
 * an assessment raised the alert.
 */

/** A questionnaire was asked for. Whoever reaches the patient sends the link from the start of the Task's restriction period on. */
export const ASSESSMENT_REQUESTED = 'assessment.requested';
/** The day by which it should be answered has come without an answer: the patient is to be asked once more. */
export const ASSESSMENT_REMINDED = 'assessment.reminded';
export const ASSESSMENT_COMPLETED = 'assessment.completed';
/** The time to answer is over. */
export const ASSESSMENT_EXPIRED = 'assessment.expired';

/** An answer was dangerous: a person must see it. */
export const SAFETY_ALERT_RAISED = 'safety-alert.raised';
/** Work that should have been done about a possible danger is overdue: a person of the rota is asked. Nothing new is known of the patient. */
export const SAFETY_WORK_OVERDUE = 'safety-alert.work-overdue';
export const SAFETY_ALERT_ACKNOWLEDGED = 'safety-alert.acknowledged';
/** The person in charge did not acknowledge in time; the next one is now. */
export const SAFETY_ALERT_ESCALATED = 'safety-alert.escalated';

/** Purpose of a patient's link to a questionnaire; its subject is the assessment's id, and it leads to `/answer/{token}`. */
export const ANSWER_LINK = 'answer-assessment';
