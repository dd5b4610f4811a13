import { defineEntity, p } from '@mikro-orm/postgresql';
import type { AssessmentEvent, AssessmentState } from './assessment.workflow.js';

const AssessmentTransitionSchema = defineEntity({
  name: 'AssessmentTransition',
  tableName: 'assessment_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    assessmentId: p.uuid(),
    event: p.string().$type<AssessmentEvent | 'request'>(),
    fromState: p.string().$type<AssessmentState>().nullable(),
    toState: p.string().$type<AssessmentState>(),
    at: p.datetime().fieldName('happened_at'),
    actorKind: p.string(),
    actorId: p.string(),
  },
});

/** One step of an assessment. Append-only. */
export class AssessmentTransition extends AssessmentTransitionSchema.class {}
AssessmentTransitionSchema.setClass(AssessmentTransition);
