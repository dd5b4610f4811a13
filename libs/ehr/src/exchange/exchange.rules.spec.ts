import { describe, expect, it } from '@jest/globals';
import { bitOf } from '@cairn/platform';
import { EXCHANGED_TYPES, isExchanged, labelsOf, referralTies } from './exchange.rules.js';

describe('what an EHR is told', () => {
  it('is the types of the exchange, once they are more than a draft', () => {
    expect(EXCHANGED_TYPES).toEqual(['Task', 'Communication', 'CarePlan', 'Goal', 'Observation', 'Appointment', 'QuestionnaireResponse', 'DocumentReference']);
    expect(isExchanged('CarePlan', { status: 'draft' })).toBe(false);
    expect(isExchanged('CarePlan', { status: 'active' })).toBe(true);
    expect(isExchanged('Communication', { status: 'completed', category: [{ coding: [{ code: 'notification' }] }] })).toBe(true);
    expect(isExchanged('Communication', { status: 'completed', category: [{ coding: [{ code: 'reminder' }] }] })).toBe(false);
    expect(isExchanged('Goal', { lifecycleStatus: 'proposed' })).toBe(false);
    expect(isExchanged('Goal', { lifecycleStatus: 'active' })).toBe(true);
    expect(isExchanged('Task', { status: 'requested' })).toBe(true);
    expect(isExchanged('Condition', { clinicalStatus: {} })).toBe(false);
    expect(isExchanged('Provenance', {})).toBe(false);
  });

  it('is tied to its referral where the type asks for it', () => {
    expect(referralTies('Task', { focus: { reference: 'ServiceRequest/s' } })).toEqual({ tie: 'its-task', links: [] });
    expect(referralTies('Communication', { basedOn: [{ reference: 'ServiceRequest/s' }], about: [{ reference: 'Task/t/_history/2' }, { reference: 'Observation/o' }], note: { reference: 'Task/x' } })).toEqual({
      tie: 'linked',
      links: ['ServiceRequest/s', 'Task/t'],
    });
    expect(referralTies('CarePlan', {})).toEqual({ tie: 'not-needed', links: [] });
  });

  it('knows the labels of restricted content', () => {
    const labelled = (system: string, code: string) => labelsOf({ meta: { security: [{ system, code }] } });
    expect(labelled('http://terminology.hl7.org/CodeSystem/v3-Confidentiality', 'R')).toBe(bitOf('restricted'));
    expect(labelled('http://terminology.hl7.org/CodeSystem/v3-ActCode', '42CFRPart2')).toBe(bitOf('substance-use'));
    expect(labelled('http://terminology.hl7.org/CodeSystem/v3-Confidentiality', 'N')).toBe(0);
    expect(labelled('urn:other', 'R')).toBe(0);
    expect(labelsOf({})).toBe(0);
  });
});
