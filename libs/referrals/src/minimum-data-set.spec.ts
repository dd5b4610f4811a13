import { describe, expect, it } from '@jest/globals';
import type { Resource, ServiceRequest } from '@medplum/fhirtypes';
import { INTAKE_FORM, MINIMUM_DATA_SET, itemLabel, missingItems } from './minimum-data-set.js';

const subject = { reference: 'Patient/p1' };
const request: ServiceRequest = { resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject };
const everything = MINIMUM_DATA_SET.map((item) => item.id);
const without = (...told: string[]): string[] => everything.filter((id) => !told.includes(id));

describe('the minimum data set of a referral', () => {
  it('has the twelve items that the sources ask for', () => {
    expect(everything).toHaveLength(12);
    expect(itemLabel('onset')).toContain('onset');
  });

  it('names all that a bare request leaves out', () => {
    expect(missingItems([request])).toEqual(everything);
  });

  it.each<[string, Resource, string[]]>([
    ['a reason', { ...request, reasonCode: [{ text: 'Back pain' }] }, ['reason']],
    ['a condition', { resourceType: 'Condition', subject }, ['history']],
    ['a condition with its onset and place', { resourceType: 'Condition', subject, onsetDateTime: '2025', bodySite: [{ text: 'Back' }] }, ['history', 'onset', 'location']],
    ['a current medicine', { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject }, ['medicines']],
    ['a medicine of the past', { resourceType: 'MedicationRequest', status: 'stopped', intent: 'order', subject }, ['treatments']],
    ['a survey', { resourceType: 'Observation', status: 'final', code: { text: 'PEG' }, category: [{ coding: [{ code: 'survey' }] }] }, ['function']],
    ['a vital sign', { resourceType: 'Observation', status: 'final', code: { text: 'Weight' }, category: [{ coding: [{ code: 'vital-signs' }] }] }, []],
    ['a goal', { resourceType: 'Goal', lifecycleStatus: 'active', description: { text: 'Walk the dog' }, subject }, ['goals']],
    ['a procedure that was not done', { resourceType: 'Procedure', status: 'not-done', subject }, []],
  ])('is told by %s', (_, resource, told) => {
    expect(missingItems([resource])).toEqual(without(...told));
  });

  it('counts what is answered in the intake form, and nothing of another form', () => {
    const form = (questionnaire: string): Resource => ({
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      questionnaire,
      item: [...everything.slice(1).map((linkId) => ({ linkId, answer: [{ valueString: 'told' }] })), { linkId: 'reason' }],
    });
    expect(missingItems([form(INTAKE_FORM)])).toEqual(['reason']);
    expect(missingItems([form('urn:example:other')])).toEqual(everything);
  });
});
