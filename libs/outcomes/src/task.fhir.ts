import type { CodeableConcept, Task } from '@medplum/fhirtypes';
import { CAIRN_CODES } from '@cairn/people';
import type { AssessmentState } from './assessment.workflow.js';
import type { Instrument } from './instrument.js';
import { questionnaireId } from './questionnaire.fhir.js';
import type { SafetyAlertState } from './safety-alert.workflow.js';

const local = (code: string, text: string): CodeableConcept => ({ coding: [{ system: CAIRN_CODES, code, display: text }], text });

/** A face of a state: FHIR's status, with Cairn's own word where several states share one. */
interface Face {
  readonly status: Task['status'];
  readonly word: string;
}

const ASSESSMENT_FACE: Readonly<Record<AssessmentState, Face>> = {
  requested: { status: 'requested', word: 'Requested' },
  reminded: { status: 'requested', word: 'Reminded' },
  completed: { status: 'completed', word: 'Answered' },
  expired: { status: 'cancelled', word: 'Expired without an answer' },
};

const ALERT_FACE: Readonly<Record<SafetyAlertState, Face>> = {
  raised: { status: 'requested', word: 'Raised' },
  escalated: { status: 'requested', word: 'Escalated to the next person' },
  acknowledged: { status: 'completed', word: 'Acknowledged' },
};

/** What the Task of an assessment rests on. */
export interface AssessmentTaskFacts {
  readonly id: string;
  readonly patientId: string;
  readonly instrument: Instrument;
  readonly reason: string;
  readonly answeredBy: 'patient' | 'staff';
  readonly state: AssessmentState;
  readonly requestedAt: Date;
  readonly opensAt: Date;
  readonly expiresAt: Date;
  readonly responseId: string | null;
  readonly changedAt: Date;
}

/** The request to answer a questionnaire, as a Task with the assessment's own id. */
export function assessmentTask(facts: AssessmentTaskFacts): Task & { id: string } {
  const { status, word } = ASSESSMENT_FACE[facts.state];
  const patient = { reference: `Patient/${facts.patientId}` };
  return {
    resourceType: 'Task',
    id: facts.id,
    identifier: [{ system: 'urn:cairn:assessment', value: facts.id }],
    status,
    businessStatus: local(facts.state, word),
    ...(facts.state === 'expired' ? { statusReason: local('expired', word) } : {}),
    intent: 'order',
    priority: 'routine',
    code: { coding: [{ system: 'http://hl7.org/fhir/uv/sdc/CodeSystem/temp', code: 'complete-questionnaire' }], text: 'Answer a questionnaire' },
    description: facts.instrument.title,
    reasonCode: { text: facts.reason },
    focus: { reference: `Questionnaire/${questionnaireId(facts.instrument)}` },
    for: patient,
    authoredOn: facts.requestedAt.toISOString(),
    lastModified: facts.changedAt.toISOString(),
    ...(facts.answeredBy === 'patient' ? { owner: patient } : {}),
    restriction: { period: { start: facts.opensAt.toISOString(), end: facts.expiresAt.toISOString() } },
    ...(facts.responseId
      ? { output: [{ type: { text: 'Answers' }, valueReference: { reference: `QuestionnaireResponse/${facts.responseId}` } }] }
      : {}),
  };
}

/** What the Task of a safety alert rests on. */
export interface AlertTaskFacts {
  readonly id: string;
  readonly patientId: string;
  /** `Type/id` of what it is about. */
  readonly focus: string;
  readonly rule: string;
  readonly label: string;
  readonly state: SafetyAlertState;
  readonly ownerName: string;
  readonly ownerPractitionerId: string | null;
  readonly raisedAt: Date;
  readonly dueAt: Date;
  readonly callBackPhone: string | null;
  readonly acknowledgedNote: string | null;
  readonly changedAt: Date;
}

/** A safety alert as a stat Task with the alert's own id, owned by the person whose turn it is. */
export function alertTask(facts: AlertTaskFacts): Task & { id: string } {
  const { status, word } = ALERT_FACE[facts.state];
  return {
    resourceType: 'Task',
    id: facts.id,
    identifier: [{ system: 'urn:cairn:safety-alert', value: facts.id }],
    status,
    businessStatus: local(facts.state, word),
    intent: 'order',
    priority: 'stat',
    code: local('safety-alert', 'Safety alert'),
    description: facts.label,
    reasonCode: local(facts.rule, facts.label),
    focus: { reference: facts.focus },
    for: { reference: `Patient/${facts.patientId}` },
    authoredOn: facts.raisedAt.toISOString(),
    lastModified: facts.changedAt.toISOString(),
    owner: facts.ownerPractitionerId
      ? { reference: `Practitioner/${facts.ownerPractitionerId}`, display: facts.ownerName }
      : { display: facts.ownerName },
    restriction: { period: { end: facts.dueAt.toISOString() } },
    ...(facts.callBackPhone ? { input: [{ type: local('call-back-number', 'Number to call back'), valueString: facts.callBackPhone }] } : {}),
    ...(facts.acknowledgedNote ? { note: [{ text: facts.acknowledgedNote, time: facts.changedAt.toISOString() }] } : {}),
  };
}
