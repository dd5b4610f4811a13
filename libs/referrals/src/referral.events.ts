/** What referrals tell the other features. Every event carries `{ referralId, patientId, taskId }`. */

/** A referral has come in and stands on the worklist. */
export const REFERRAL_RECEIVED = 'referral.received';
/** A notice to a referrer whom no EHR tells: carries also `{ communicationId }`. */
export const REFERRER_NOTICE = 'referral.referrer-notice';
/** A red flag was found that nobody has acknowledged: carries also `{ flag }`. */
export const RED_FLAG_FOUND = 'referral.red-flag-found';
export const INFORMATION_REQUESTED = 'referral.information-requested';
/** The undo window has closed: the acceptance is told to the referrer and holds. Told again when a waiting patient is accepted anew. */
export const REFERRAL_ACCEPTED = 'referral.accepted';
export const REFERRAL_DECLINED = 'referral.declined';
export const REFERRAL_REDIRECTED = 'referral.redirected';
export const REFERRAL_WAITLISTED = 'referral.waitlisted';
/** Carries also `{ appointmentId }`. */
export const REFERRAL_BOOKED = 'referral.booked';
export const REFERRAL_TO_REBOOK = 'referral.to-rebook';
export const REFERRAL_IN_CARE = 'referral.in-care';
export const CANCELLATION_REQUESTED = 'referral.cancellation-requested';
export const REFERRAL_WITHDRAWN = 'referral.withdrawn';
export const REFERRAL_CLOSED = 'referral.closed';
export const REFERRAL_CLOSED_NOT_SEEN = 'referral.closed-not-seen';
/** A person said that it is the same as another, which goes on. */
export const REFERRAL_CLOSED_AS_DUPLICATE = 'referral.closed-as-duplicate';
/** The information that was asked for did not come, and a clinician must decide without it. */
export const INFORMATION_OVERDUE = 'referral.information-overdue';
/** A waiting patient is to be asked whether they still want to come, and whether it has become worse. */
export const WAITING_ASKED = 'referral.waiting-asked';
/** Purpose of a waiting patient's link; its subject is the referral's id, and it leads to `/waiting/{token}`. */
export const WAITING_LINK = 'waiting-list';
export const REFERRAL_ENTERED_IN_ERROR = 'referral.entered-in-error';
/** An authorisation of an insurer runs out soon, or has. Carries also `{ authorisationId }`. */
export const AUTHORISATION_RUNNING_OUT = 'referral.authorisation-running-out';
