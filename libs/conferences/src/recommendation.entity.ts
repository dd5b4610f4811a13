import { defineEntity, p } from '@mikro-orm/postgresql';
import type { RecommendationCode } from './conference-words.js';
import type { RecommendationState } from './recommendation.workflow.js';

const RecommendationSchema = defineEntity({
  name: 'Recommendation',
  tableName: 'recommendation',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    conferenceId: p.uuid(),
    itemId: p.uuid(),
    patientId: p.string(),
    referralId: p.uuid().nullable(),
    serviceRequestId: p.string().nullable(),
    code: p.string().$type<RecommendationCode>(),
    detail: p.text(),
    rationale: p.text(),
    ownerPractitionerId: p.string(),
    ownerName: p.string(),
    dueDate: p.string(),
    dueAt: p.datetime(),
    state: p.string().$type<RecommendationState>(),
    madeAt: p.datetime(),
    settledAt: p.datetime().nullable(),
    note: p.text().nullable(),
    version: p.integer().version(),
  },
});

/** Something the team recommended, owned by somebody until it is done. */
export class Recommendation extends RecommendationSchema.class {}
RecommendationSchema.setClass(Recommendation);
