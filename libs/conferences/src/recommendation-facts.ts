import { availableEvents } from '@cairn/kernel';
import { may, type Actor } from '@cairn/platform';
import type { Colleague } from './conference.entity.js';
import type { RecommendationCode } from './conference-words.js';
import type { Recommendation } from './recommendation.entity.js';
import { recommendationWorkflow, type RecommendationEvent, type RecommendationState } from './recommendation.workflow.js';

/** A recommendation as other features and the REST interface see it. */
export interface RecommendationFacts {
  readonly id: string;
  readonly conferenceId: string;
  readonly itemId: string;
  readonly patientId: string;
  readonly referralId: string | null;
  readonly code: RecommendationCode;
  readonly detail: string;
  /** Why the team recommends it. */
  readonly rationale: string;
  readonly owner: Colleague;
  /** `YYYY-MM-DD`, by the clinic's calendar. */
  readonly dueDate: string;
  readonly state: RecommendationState;
  readonly madeAt: Date;
  readonly settledAt: Date | null;
  readonly note: string | null;
  /** What the person who asks may do now. */
  readonly availableActions: readonly RecommendationEvent[];
  readonly version: number;
}

export const recommendationFacts = (row: Recommendation, actor: Actor): RecommendationFacts => ({
  id: row.id,
  conferenceId: row.conferenceId,
  itemId: row.itemId,
  patientId: row.patientId,
  referralId: row.referralId ?? null,
  code: row.code,
  detail: row.detail,
  rationale: row.rationale,
  owner: { practitionerId: row.ownerPractitionerId, name: row.ownerName },
  dueDate: row.dueDate,
  state: row.state,
  madeAt: row.madeAt,
  settledAt: row.settledAt ?? null,
  note: row.note ?? null,
  // Lapsing is the clock's work, never offered to a person.
  availableActions: may(actor, 'conference.follow-up') ? availableEvents(recommendationWorkflow, row.state, { overdue: false }) : [],
  version: row.version,
});
