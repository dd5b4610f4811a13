import { describe, expect, it } from '@jest/globals';
import { readFhirJson } from '../fhir-json.js';
import { asCommunication, asDocument } from './poorer-forms.js';
import { inWords } from './words.js';

const nobody = (): undefined => undefined;
const telling = { recordedAt: '2026-11-22T10:00:00.000Z', clinic: 'Harbour Street Clinic', lookup: nobody };

const TASK = readFhirJson(`{"resourceType":"Task","status":"rejected","intent":"order","priority":"urgent","for":{"reference":"Patient/p"},"focus":{"reference":"ServiceRequest/s"},
  "identifier":[{"type":{"coding":[{"code":"PLAC"}]},"system":"https://hospital.example","value":"order-7"}],
  "businessStatus":{"coding":[{"code":"4.0","display":"Service Request Declined"}]},"statusReason":{"text":"Better served elsewhere"},
  "output":[{"type":{"text":"Outcome"},"valueString":"See the letter"},{"type":{"text":"Score"},"valueDecimal":5.70}]}`);

describe('a resource in words', () => {
  it('tells what became of a referral', () => {
    expect(inWords('Task', TASK, nobody)).toEqual([
      'Referral order-7: rejected',
      'Stage: Service Request Declined',
      'Reason: Better served elsewhere',
      'Urgency: urgent',
      'Outcome: See the letter',
      'Score: 5.70',
    ]);
  });

  it('tells a plan with its goals, found or only named', () => {
    const plan = readFhirJson(`{"resourceType":"CarePlan","title":"Pain plan","status":"active","period":{"start":"2026-11-22"},"goal":[{"reference":"Goal/g"},{"display":"Sleep through"}],
      "activity":[{"detail":{"status":"scheduled","code":{"text":"Physiotherapy"},"scheduledString":"twice a week"}},{"reference":{"display":"Group course"}}],"note":[{"text":"Agreed with the patient"}]}`);
    const goal = readFhirJson(`{"resourceType":"Goal","lifecycleStatus":"active","achievementStatus":{"coding":[{"code":"improving"}]},"description":{"text":"Walk daily"},
      "target":[{"measure":{"text":"Minutes"},"detailQuantity":{"comparator":">=","value":15.0,"unit":"min"},"dueDate":"2027-03-01"}]}`);
    expect(inWords('CarePlan', plan, (reference) => (reference === 'Goal/g' ? goal : undefined))).toEqual([
      'Pain plan',
      'Status: active',
      'Period: from 2026-11-22',
      'Goal: Walk daily',
      'Status: active improving',
      'Target: Minutes >= 15.0 min by 2027-03-01',
      'Goal: Sleep through',
      'Activity: Physiotherapy (scheduled) twice a week',
      'Activity: Group course',
      'Note: Agreed with the patient',
    ]);
  });

  it('tells measures and answers with the digits they were given', () => {
    const observation = readFhirJson(`{"resourceType":"Observation","status":"final","code":{"coding":[{"display":"PEG total"}]},"effectiveDateTime":"2026-11-22","valueQuantity":{"value":5.70,"unit":"{score}"},
      "interpretation":[{"text":"improved"}],"component":[{"code":{"text":"Pain"},"valueInteger":6}]}`);
    expect(inWords('Observation', observation, nobody)).toEqual(['PEG total: 5.70 {score}', 'Status: final', 'When: 2026-11-22', 'Interpretation: improved', 'Pain: 6']);
    const answers = readFhirJson(`{"resourceType":"QuestionnaireResponse","questionnaire":"urn:peg","authored":"2026-11-22","item":[{"linkId":"1","text":"Pain","answer":[{"valueInteger":6}],"item":[{"linkId":"1.1","answer":[{"valueCoding":{"display":"left knee"}}]}]}]}`);
    expect(inWords('QuestionnaireResponse', answers, nobody)).toEqual(['Questionnaire: urn:peg', 'Answered: 2026-11-22', 'Pain: 6', '1.1: left knee']);
  });

  it('tells appointments and messages', () => {
    const visit = readFhirJson(`{"resourceType":"Appointment","status":"cancelled","description":"First visit","start":"2026-12-01T09:00:00Z","end":"2026-12-01T10:00:00Z","cancelationReason":{"text":"Patient ill"}}`);
    expect(inWords('Appointment', visit, nobody)).toEqual(['First visit', 'Status: cancelled', 'Time: from 2026-12-01T09:00:00Z to 2026-12-01T10:00:00Z', 'Reason for cancelling: Patient ill']);
    const letter = readFhirJson(`{"resourceType":"Communication","status":"completed","topic":{"text":"Referral accepted"},"payload":[{"contentString":"We accept."}]}`);
    expect(inWords('Communication', letter, nobody)).toEqual(['Referral accepted', 'We accept.']);
  });
});

describe('a poorer form', () => {
  it('as a message answers the same request, about the same patient', () => {
    expect(asCommunication('Task', TASK, telling)).toMatchObject({
      resourceType: 'Communication',
      status: 'completed',
      basedOn: [{ reference: 'ServiceRequest/s' }],
      subject: { reference: 'Patient/p' },
      sent: telling.recordedAt,
      sender: { display: 'Harbour Street Clinic' },
      payload: [{ contentString: expect.stringContaining('Better served elsewhere') }],
    });
  });

  it('as a document can be read, replaces an earlier one, and is withdrawn with its resource', () => {
    const document = asDocument('Task', TASK, { ...telling, replaces: 'https://ehr.example/fhir/DocumentReference/1' });
    expect(document).toMatchObject({
      resourceType: 'DocumentReference',
      status: 'current',
      subject: { reference: 'Patient/p' },
      relatesTo: [{ code: 'replaces', target: { reference: 'https://ehr.example/fhir/DocumentReference/1' } }],
      context: { related: [{ reference: 'ServiceRequest/s' }] },
    });
    expect(asDocument('Goal', { resourceType: 'Goal', lifecycleStatus: 'entered-in-error', description: { text: 'x' } }, telling)['status']).toBe('entered-in-error');
  });

  it('names the one patient of an appointment', () => {
    const visit = { resourceType: 'Appointment', status: 'booked', participant: [{ actor: { reference: 'Practitioner/d' } }, { actor: { reference: 'Patient/p' } }] };
    expect(asCommunication('Appointment', visit, telling)['subject']).toEqual({ reference: 'Patient/p' });
  });
});
