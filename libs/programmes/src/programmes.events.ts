/** What programmes tells the other features. All carry `{ enrolmentId, programmeId, patientId }`. */

export const ENROLMENT_REFERRED = 'enrolment.referred';
export const ENROLMENT_SCREENED = 'enrolment.screened';
export const ENROLMENT_WAITLISTED = 'enrolment.waitlisted';
/** A place is free for this person: they have until the end of `Task/<enrolmentId>`'s restriction period to take it. */
export const ENROLMENT_OFFERED = 'enrolment.offered';
/** The person takes part: each session stands as an Appointment. */
export const ENROLMENT_ENROLLED = 'enrolment.enrolled';
export const ENROLMENT_ATTENDING = 'enrolment.attending';
export const ENROLMENT_COMPLETED = 'enrolment.completed';
export const ENROLMENT_WITHDRAWN = 'enrolment.withdrawn';
export const ENROLMENT_NOT_SUITABLE = 'enrolment.not-suitable';
