import words from './conference-words.json' with { type: 'json' };

export const RECOMMENDATION_CODES = [
  'accept-to-programme',
  'medication-review',
  'procedure',
  'psychology',
  'physiotherapy',
  'occupational-therapy',
  'complementary-therapy',
  'education',
  'return-to-work',
  'self-management',
  'redirect',
  'discharge',
  're-discuss',
] as const;
/** What the team can recommend. */
export type RecommendationCode = (typeof RECOMMENDATION_CODES)[number];

export const AGENDA_SOURCES = ['referral', 'plan-review', 'safety-alert', 'unfinished-action'] as const;
/** Where an agenda item comes from. */
export type AgendaSource = (typeof AGENDA_SOURCES)[number];

const displayIn = (list: readonly { code: string; display: string }[], code: string): string => list.find((entry) => entry.code === code)?.display ?? code;

export const recommendationDisplay = (code: RecommendationCode): string => displayIn(words.recommendations, code);
export const sourceDisplay = (code: AgendaSource): string => displayIn(words.sources, code);
