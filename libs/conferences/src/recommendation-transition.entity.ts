import { defineEntity, p } from '@mikro-orm/postgresql';
import type { RecommendationEvent, RecommendationState } from './recommendation.workflow.js';

const RecommendationTransitionSchema = defineEntity({
  name: 'RecommendationTransition',
  tableName: 'recommendation_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    recommendationId: p.uuid(),
    event: p.string().$type<RecommendationEvent | 'make'>(),
    fromState: p.string().$type<RecommendationState>().nullable(),
    toState: p.string().$type<RecommendationState>(),
    at: p.datetime().fieldName('happened_at'),
    actorKind: p.string(),
    actorId: p.string(),
    reason: p.text().nullable(),
  },
});

/** One step of a recommendation. Append-only. */
export class RecommendationTransition extends RecommendationTransitionSchema.class {}
RecommendationTransitionSchema.setClass(RecommendationTransition);
