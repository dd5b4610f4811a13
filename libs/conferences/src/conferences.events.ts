/** The minutes of a conference were signed. `{ conferenceId }`. */
export const MINUTES_SIGNED = 'conference.minutes-signed';

/**
 * The team recommended something, and it is signed. `{ conferenceId, itemId, recommendationId, patientId }`, and `referralId` where the item came from a
 * referral.
 */
export const RECOMMENDATION_MADE = 'conference.recommendation-made';
