import { describe, expect, it } from '@jest/globals';
import type { Condition, Observation } from '@medplum/fhirtypes';
import { RED_FLAGS } from './red-flag-rules.js';
import { hintsIn } from './red-flag-words.js';
import { screen, type ScreeningData } from './red-flags.js';

const at = new Date('2026-03-02T09:00:00Z');
const subject = { reference: 'Patient/p1' };
const nothing: ScreeningData = { patientId: 'p1', conditions: [], observations: [], medications: [], answers: [] };

const condition = (system: string, code: string, rest: Partial<Condition> = {}): Condition => ({ resourceType: 'Condition', id: 'c1', subject, code: { coding: [{ system, code }] }, ...rest });
const observation = (code: string, rest: Partial<Observation>): Observation => ({
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  subject,
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveDateTime: '2026-02-28',
  ...rest,
});
const states = (facts: Partial<ScreeningData>): Record<string, string> =>
  Object.fromEntries(screen({ ...nothing, ...facts }, at).map((finding) => [finding.flag.id, finding.state]));

const SNOMED = 'http://snomed.info/sct';
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';

describe('red flags from data', () => {
  it('has a rule set in which every rule bears a source, and the eight named syndromes are hard stops', () => {
    expect(RED_FLAGS.filter((flag) => flag.level === 'hard-stop')).toHaveLength(8);
    expect(new Set(RED_FLAGS.map((flag) => flag.id)).size).toBe(RED_FLAGS.length);
    for (const flag of RED_FLAGS) for (const rule of flag.evidence) expect(rule.source).not.toBe('');
    for (const flag of RED_FLAGS.filter((one) => one.level === 'concern')) expect(RED_FLAGS.map((one) => one.id)).toContain(flag.syndrome);
  });

  it('lets every flag be told by its own code, by an answer on a form, and by the medicine that a statement names', () => {
    for (const { id } of RED_FLAGS) {
      const own = (valueBoolean: boolean): Observation => observation(id, { code: { coding: [{ system: 'urn:cairn:red-flag', code: id }] }, valueBoolean });
      expect(states({ observations: [own(true)] })).toEqual({ [id]: 'found' });
      expect(states({ observations: [own(false)] })).toEqual({ [id]: 'denied' });
      const answer = { resourceType: 'QuestionnaireResponse' as const, id: 'q1', status: 'completed' as const, item: [{ linkId: 'group', item: [{ linkId: `red-flag.${id}`, answer: [{ valueBoolean: true }] }] }] };
      expect(states({ answers: [answer] })).toEqual({ [id]: 'found' });
    }
    const prednisone = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '8640' }] };
    expect(states({ medications: [{ resourceType: 'MedicationStatement', status: 'active', subject, medicationCodeableConcept: prednisone }] })).toEqual({ corticosteroids: 'found' });
    const contained: Partial<ScreeningData> = {
      medications: [{ resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject, contained: [{ resourceType: 'Medication', id: 'm', code: prednisone }], medicationReference: { reference: '#m' } }],
    };
    expect(states(contained)).toEqual({ corticosteroids: 'found' });
  });

  it('reads the ninth question of PHQ-9 from a form, by either numbering', () => {
    const ninth = (linkId: string, code: string): Partial<ScreeningData> => ({
      answers: [{ resourceType: 'QuestionnaireResponse', id: 'q1', status: 'completed', questionnaire: 'urn:cairn:questionnaire:phq-9|1', item: [{ linkId, answer: [{ valueCoding: { code } }] }] }],
    });
    for (const linkId of ['phq9', '/44260-8']) {
      expect(states(ninth(linkId, 'LA6569-3'))).toEqual({ 'phq9-item-9': 'found' });
      expect(states(ninth(linkId, 'LA6568-5'))).toEqual({ 'phq9-item-9': 'denied' });
    }
  });

  it('says of each finding what the evidence says and by which source it is read so', () => {
    const [finding] = screen({ ...nothing, conditions: [condition(ICD, 'M46.30')] }, at);
    expect(finding?.grounds).toEqual([{ reference: 'Condition/c1', says: 'Infection of intervertebral disc (pyogenic)', source: expect.stringContaining('confirm'), verified: false }]);
  });

  it('takes words in free text as a hint, in three languages, unless the same clause denies them', () => {
    const hints = (text: string): string[] => hintsIn([{ reference: 'ServiceRequest/s1', text }]).map(({ flag }) => flag);
    expect(hints('Two days of urinary retention, and saddle numbness.')).toEqual(['bladder-bowel', 'saddle-anaesthesia']);
    expect(hints('Retención urinaria desde ayer')).toEqual(['bladder-bowel']);
    expect(hints('Perte de poids; fièvre')).toEqual(['fever', 'weight-loss']);
    expect(hints('No fever, no saddle numbness. Denies urinary retention')).toEqual([]);
    expect(hints('No fever but foot drop since Monday')).toEqual(['foot-drop']);
    expect(hints('Low back pain for nine months, no longer at work')).toEqual([]);
    expect(hintsIn([{ reference: 'ServiceRequest/s1', text: 'Foot drop' }])[0]?.grounds).toEqual([{ reference: 'ServiceRequest/s1', says: 'the words "foot drop"', source: expect.any(String), verified: false }]);
    expect(hints(`${'a '.repeat(200_000)} foot drop`)).toEqual([]);
  });

  it('never reads missing data as clear', () => {
    expect(screen(nothing, at)).toEqual([]);
  });

  it('finds a named syndrome, with its evidence', () => {
    expect(screen({ ...nothing, conditions: [condition(SNOMED, '192970008')] }, at)).toEqual([
      expect.objectContaining({ state: 'found', evidence: ['Condition/c1'], verified: true, flag: expect.objectContaining({ id: 'cauda-equina', level: 'hard-stop' }) }),
    ]);
    expect(states({ conditions: [condition(ICD, 'G83.4')] })).toEqual({ 'cauda-equina': 'found' });
    expect(states({ conditions: [condition('http://example.org/other', 'G83.4')] })).toEqual({});
  });

  it('takes a refuted condition as denied, a wrong entry as nothing, a resolved one as over unless history counts', () => {
    const verification = (code: string): Partial<Condition> => ({ verificationStatus: { coding: [{ code }] } });
    const over: Partial<Condition> = { clinicalStatus: { coding: [{ code: 'resolved' }] } };
    expect(states({ conditions: [condition(SNOMED, '192970008', verification('refuted'))] })).toEqual({ 'cauda-equina': 'denied' });
    expect(states({ conditions: [condition(SNOMED, '192970008', verification('entered-in-error'))] })).toEqual({});
    expect(states({ conditions: [condition(SNOMED, '192970008', over)] })).toEqual({});
    expect(states({ conditions: [condition(SNOMED, '93761005', over)] })).toEqual({ 'cancer-history': 'found' });
    expect(states({ conditions: [condition(SNOMED, '192970008', verification('refuted')), condition(ICD, 'G83.4')] })).toEqual({ 'cauda-equina': 'found' });
  });

  it('reads measurements by value, unit and age', () => {
    const warm = (value: number, code = 'Cel'): Observation => observation('8310-5', { valueQuantity: { value, code } });
    expect(states({ observations: [warm(38.4)] })).toEqual({ fever: 'found' });
    expect(states({ observations: [warm(36.9)] })).toEqual({ fever: 'denied' });
    expect(states({ observations: [warm(100.4, '[degF]')] })).toEqual({});
    expect(states({ observations: [{ ...warm(39), effectiveDateTime: '2010-01-01' }] })).toEqual({});
    expect(states({ observations: [{ ...warm(39), status: 'entered-in-error' }] })).toEqual({});
  });

  it('sees an answer to PHQ-9 item 9 as a number or as a code', () => {
    expect(states({ observations: [observation('44260-8', { valueInteger: 1 })] })).toEqual({ 'phq9-item-9': 'found' });
    expect(states({ observations: [observation('44260-8', { valueCodeableConcept: { coding: [{ code: 'LA6570-1' }] } })] })).toEqual({ 'phq9-item-9': 'found' });
    expect(states({ observations: [observation('44260-8', { valueCodeableConcept: { coding: [{ code: 'LA6568-5' }] } })] })).toEqual({ 'phq9-item-9': 'denied' });
  });

  it('counts only what is taken now, and reads a fracture by its age', () => {
    const prednisone = { resourceType: 'MedicationRequest' as const, id: 'm1', intent: 'order' as const, subject, medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '8640' }] } };
    expect(states({ medications: [{ ...prednisone, status: 'active' }] })).toEqual({ corticosteroids: 'found' });
    expect(states({ medications: [{ ...prednisone, status: 'stopped' }] })).toEqual({});
    expect(states({ conditions: [condition(ICD, 'S32.010A', { onsetDateTime: '2026-02-20' })] })).toEqual({ fracture: 'found' });
    expect(states({ conditions: [condition(ICD, 'S32.010A', { onsetDateTime: '2015-02-20' })] })).toEqual({});
  });

  it('weighs age to the day', () => {
    expect(states({ birthDate: '1975-03-02' })).toEqual({ 'age-over-50': 'found', 'age-under-20': 'denied' });
    expect(states({ birthDate: '1975-03-03' })).toEqual({ 'age-over-50': 'denied', 'age-under-20': 'denied' });
    expect(states({ birthDate: '2010' })).toEqual({ 'age-over-50': 'denied', 'age-under-20': 'found' });
  });
});
