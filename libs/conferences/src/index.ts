import type { Entities } from '@cairn/platform';
import { AgendaItem } from './agenda-item.entity.js';
import { ConferenceAddendum } from './conference-addendum.entity.js';
import { ConferenceTransition } from './conference-transition.entity.js';
import { Conference } from './conference.entity.js';
import { RecommendationTransition } from './recommendation-transition.entity.js';
import { Recommendation } from './recommendation.entity.js';

export { conferenceSettingsSchema } from './conference.settings.js';
export * from './conferences.events.js';
export { conferencesMigrations } from './conferences.migration.js';
export { ConferencesModule } from './conferences.module.js';
export type { RecommendationCode } from './conference-words.js';
export type { RecommendationFacts } from './recommendation-facts.js';
export { Recommendations } from './recommendations.service.js';

/** Entities of this lib. */
export const conferencesEntities: Entities = [Conference, ConferenceTransition, AgendaItem, Recommendation, RecommendationTransition, ConferenceAddendum];
