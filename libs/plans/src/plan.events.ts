/** What plans tell the other features. All carry `{ planId, patientId }`; those of reviews also `reviewId`, `plan.activated` also `referralId` where the plan has one. */

export const PLAN_DRAFTED = 'plan.drafted';
export const PLAN_ACTIVATED = 'plan.activated';
export const PLAN_HELD = 'plan.held';
export const PLAN_RESUMED = 'plan.resumed';
export const PLAN_COMPLETED = 'plan.completed';
export const PLAN_REVOKED = 'plan.revoked';
export const PLAN_VOIDED = 'plan.voided';
/** A draft or paused plan went past the date of its next action: a coordinator Task exists. */
export const PLAN_WAITING = 'plan.waiting';

/** A review has a date: it stands in `Task/<reviewId>`, `restriction.period.end`. */
export const REVIEW_SET = 'plan.review-set';
/** The review's date changed. */
export const REVIEW_MOVED = 'plan.review-moved';
/** The review's date has come. */
export const REVIEW_DUE = 'plan.review-due';
/** The review was not held in its days of grace: a coordinator Task exists. */
export const REVIEW_MISSED = 'plan.review-missed';
export const REVIEW_DONE = 'plan.review-done';
/** The plan paused or ended before its review. */
export const REVIEW_CANCELLED = 'plan.review-cancelled';

/** Something outside changed that review dates rest on: prescriptions or appointments. Carries `{ patientId }`. */
export const PLAN_FACTS_CHANGED = 'plan.facts-changed';
