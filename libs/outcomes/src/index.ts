import type { Entities } from '@cairn/platform';
import { AssessmentTransition } from './assessment-transition.entity.js';
import { Assessment } from './assessment.entity.js';
import { SafetyAlertTransition } from './safety-alert-transition.entity.js';
import { SafetyAlert } from './safety-alert.entity.js';

export { helpOf, type Help } from './answer-links.service.js';
export { PAGE_POLICY, htmlPage } from './answer-page.js';
export { PAGE_LANGUAGES, acceptedLanguages, pageLanguage, type PageLanguage } from './answer-words.js';
export { AlertSubjects, type AlertSubject } from './alert-subjects.js';
export type { AssessmentFacts } from './assessment-facts.js';
export { Assessments, type AssessmentRequest } from './assessments.service.js';
export * from './outcomes.events.js';
export { outcomesMigrations } from './outcomes.migration.js';
export { OutcomesModule } from './outcomes.module.js';
export { outcomesSettingsSchema } from './outcomes.settings.js';
export type { SafetyAlertFacts } from './safety-alert-facts.js';
export { SafetyAlerts } from './safety-alerts.service.js';
export { SafetyCover, type CoverNow } from './safety-cover.service.js';
export type { Comparison, Trend } from './trend.js';
export { Trends, type PatientTrend, type TrendPoint } from './trends.queries.js';

/** Entities of this lib. */
export const outcomesEntities: Entities = [Assessment, AssessmentTransition, SafetyAlert, SafetyAlertTransition];
