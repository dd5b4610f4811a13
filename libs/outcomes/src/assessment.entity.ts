import { defineEntity, p } from '@mikro-orm/postgresql';
import type { AssessmentState } from './assessment.workflow.js';

/** Whether it sets the point of departure or follows up on it. */
export type Occasion = 'baseline' | 'follow-up';
/** Who fills it in: the patient through a link, away from the clinic, or staff together with the patient. */
export type AnsweredBy = 'patient' | 'staff';

const AssessmentSchema = defineEntity({
  name: 'Assessment',
  tableName: 'assessment',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    instrument: p.string(),
    instrumentVersion: p.string(),
    occasion: p.string().$type<Occasion>(),
    answeredBy: p.string().$type<AnsweredBy>(),
    reason: p.string(),
    state: p.string().$type<AssessmentState>(),
    requestedAt: p.datetime(),
    opensAt: p.datetime(),
    dueAt: p.datetime(),
    expiresAt: p.datetime(),
    nextAt: p.datetime().nullable(),
    answeredAt: p.datetime().nullable(),
    responseId: p.string().nullable(),
    scoreSum: p.integer().nullable(),
    scoreDivisor: p.integer().nullable(),
    version: p.integer().version(),
  },
});

/** One questionnaire asked of one patient. The answers themselves stand in the FHIR store. */
export class Assessment extends AssessmentSchema.class {}
AssessmentSchema.setClass(Assessment);
