import { conflict } from '@cairn/kernel';
import type { RecommendationFacts } from '@cairn/conferences';
import { ACTIVITY_DISCIPLINES, type ActivityDiscipline } from './plan-activity.entity.js';
import type { ActivityWording } from './plan.acts.js';
import table from './recommendation-activities.json' with { type: 'json' };

const isDiscipline = (word: string | undefined): word is ActivityDiscipline => (ACTIVITY_DISCIPLINES as readonly (string | undefined)[]).includes(word);

/** Which field of care carries out what a conference recommends; a code that is missing here is no care of this clinic. */
const DISCIPLINE = new Map<string, string>(Object.entries(table.disciplines));

/**
 * The activity that carries a recommendation out: same owner and due date, its field of care from `recommendation-activities.json`. Refuses
 * a recommendation that is no care of this clinic, such as a redirection or a discharge.
 */
export function activityFromRecommendation({ id, code, detail, owner, dueDate }: RecommendationFacts): ActivityWording {
  const discipline = DISCIPLINE.get(code);
  if (!isDiscipline(discipline)) {
    throw conflict(`A recommendation to "${code}" is not carried out by a care plan.`, { code: 'plan.recommendation-not-care' });
  }
  return {
    kind: 'treatment',
    discipline,
    description: detail,
    owner: { practitionerId: owner.practitionerId, name: owner.name },
    cadence: null,
    dueDate,
    goalIds: [],
    recommendationId: id,
  };
}

/** What the team thought, as the draft's first summary; null without recommendations. */
export const recommendationSummary = (recommendations: readonly RecommendationFacts[]): string | null => {
  const reasons = [...new Set(recommendations.map(({ rationale }) => rationale.trim()).filter((text) => text !== ''))];
  return reasons.length === 0 ? null : reasons.join('\n').slice(0, 4000);
};
