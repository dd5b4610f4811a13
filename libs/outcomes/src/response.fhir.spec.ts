import { describe, expect, it } from '@jest/globals';
import { INSTRUMENTS, instrumentOf } from './instrument.js';
import { questionnaireOf } from './questionnaire.fhir.js';
import { answersOf, responseOf } from './response.fhir.js';

const about = { id: 'r', assessmentId: 'a', patientId: 'p', answeredAt: new Date('2026-11-22T09:00:00Z') };

describe('questionnaires', () => {
  it.each(INSTRUMENTS)('$id has each question once, in order', (instrument) => {
    const items = questionnaireOf(instrument).item ?? [];
    expect(items.filter(({ type }) => type !== 'display').map(({ linkId }) => linkId)).toEqual(instrument.items.map(({ linkId }) => linkId));
  });

  it('carry their owner’s notice', () => {
    expect(questionnaireOf(instrumentOf('phq-9')).copyright).toContain('No permission required to reproduce');
  });
});

describe('responses', () => {
  it.each([
    ['peg', { peg1: 0, peg2: 10, peg3: 5 }],
    ['phq-9', { phq1: 0, phq2: 1, phq3: 2, phq4: 3, phq5: 0, phq6: 0, phq7: 0, phq8: 0, phq9: 0 }],
  ])('give the answers of %s back as they were given', (id, answers) => {
    const instrument = instrumentOf(id);
    expect(answersOf(instrument, responseOf({ ...about, instrument, answers }))).toEqual(answers);
  });

  it('say who entered them', () => {
    const instrument = instrumentOf('peg');
    const answers = { peg1: 1, peg2: 1, peg3: 1 };
    expect(responseOf({ ...about, instrument, answers })).toMatchObject({ source: { reference: 'Patient/p' }, author: { reference: 'Patient/p' } });
    expect(responseOf({ ...about, instrument, answers, enteredBy: 'A nurse' })).toMatchObject({ source: { reference: 'Patient/p' }, author: { display: 'A nurse' } });
  });
});
