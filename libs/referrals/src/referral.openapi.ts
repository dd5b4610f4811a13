import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

export const registrationExample = {
  patient: { familyName: 'Example', givenNames: ['Pat'], birthDate: '1969-04-30', phone: '+12125550123', language: 'es' },
  referrer: { name: 'Practice nurse', organisation: 'Hillside Family Practice' },
  receivedBy: 'phone',
  urgency: 'routine',
  reason: 'Low back pain for nine months, no longer at work',
  information: { onset: 'Lifting a box in March', medicines: 'Ibuprofen 400 mg three times a day' },
  redFlags: [{ flag: 'cauda-equina', present: false }],
};

/** What each act takes, as an example that runs. */
export const ACT_EXAMPLES = {
  none: undefined,
  comment: { comment: 'Spoke with the practice by phone.' },
  question: { question: 'Please send the report of the last MRI and the present medicines.' },
  acceptance: { urgency: 'urgent', pathway: 'conference', comment: 'Fits our programme; worsening function.' },
  decline: { reason: 'not-fully-investigated', advice: 'Please complete the neurosurgical assessment first, then refer again.' },
  redirection: { to: 'Regional spine centre', comment: 'Surgical question first.' },
  acknowledgement: { actionTaken: 'Phoned the referrer; patient is on the way to the emergency department.' },
  booking: { start: '2030-01-15T09:00:00Z', minutes: 60, description: 'First assessment' },
  visit: { reason: 'The patient asked for another day.' },
  hold: { reason: 'patient-ill', comment: 'Back in four weeks.' },
  closure: { summary: 'Walks 30 minutes daily; pain interference clearly less; home programme continues.', references: [] },
  unseenClosure: { reason: 'unreachable', comment: 'Three calls, a letter and a message without answer.' },
} as const;

/** Describes an act on a referral for the API page: every one answers the referral as it is then. A decision asks for If-Match; elsewhere it is honoured. */
export function Act(summary: string, body: keyof typeof ACT_EXAMPLES, { decision = false } = {}): MethodDecorator {
  const example = ACT_EXAMPLES[body];
  return applyDecorators(
    HttpCode(200),
    ApiOperation({ summary }),
    ApiHeader({ name: 'If-Match', required: decision, description: 'The ETag of the referral that was read', example: 'W/"1"' }),
    ApiOkResponse({ description: 'The referral as it is now, with what you may do next' }),
    ...(example ? [ApiBody({ schema: { type: 'object', required: Object.keys(example), example } })] : []),
  );
}
