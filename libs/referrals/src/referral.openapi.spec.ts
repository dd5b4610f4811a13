import { describe, expect, it } from '@jest/globals';
import * as care from './referral-care.dto.js';
import { registrationBody } from './referral-registration.dto.js';
import { ACT_EXAMPLES, registrationExample } from './referral.openapi.js';
import * as triage from './referral-triage.dto.js';

/** The schema that each example of the API page must pass. */
const SCHEMAS = {
  comment: triage.remarkBody,
  question: triage.questionBody,
  acceptance: triage.acceptanceBody,
  decline: triage.declineBody,
  redirection: triage.redirectionBody,
  acknowledgement: triage.acknowledgementBody,
  booking: care.bookingBody,
  visit: care.cancelledVisitBody,
  hold: care.holdBody,
  closure: care.closureBody,
  unseenClosure: care.unseenClosureBody,
} satisfies Record<Exclude<keyof typeof ACT_EXAMPLES, 'none'>, unknown>;

describe('the examples on the API page', () => {
  it.each(Object.entries(SCHEMAS))('%s runs', (name, schema) => {
    expect(schema.safeParse(Object.entries(ACT_EXAMPLES).find(([key]) => key === name)?.[1]).error).toBeUndefined();
  });

  it('the registration runs', () => {
    expect(registrationBody.safeParse(registrationExample).error).toBeUndefined();
  });
});
