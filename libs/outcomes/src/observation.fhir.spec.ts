import { describe, expect, it } from '@jest/globals';
import type { Observation } from '@medplum/fhirtypes';
import type { Answers } from './answers.js';
import { instrumentOf } from './instrument.js';
import { observationsOf } from './observation.fhir.js';
import { scoreOf } from './score.js';

const phq9 = instrumentOf('phq-9');

/** The observations as the store writes them, and as text. */
function observe(id: string, answers: Answers): { observations: Observation[]; text: string } {
  const instrument = instrumentOf(id);
  const score = scoreOf(instrument, answers);
  if (!score) throw new Error('The answers have no score.');
  let made = 0;
  const at = new Date('2026-11-22T09:00:00Z');
  const list = observationsOf({ patientId: 'p', instrument, answers, score, responseId: 'r', answeredAt: at, recordedAt: at, newId: () => `o${++made}` });
  const text = JSON.stringify(list);
  return { observations: JSON.parse(text) as Observation[], text };
}

const codeOf = ({ code }: Observation): string | undefined => code?.coding?.[0]?.code;

describe('observations of a PEG', () => {
  const { observations, text } = observe('peg', { peg1: 6, peg2: 5, peg3: 7 });

  it('are the three items, the mean and the panel, with LOINC codes and the category survey', () => {
    expect(observations.map(codeOf)).toEqual(['75893-8', '91145-3', '91146-1', '91147-9', '91148-7']);
    expect(observations.every(({ category }) => category?.[0]?.coding?.[0]?.code === 'survey')).toBe(true);
  });

  it('write a mean of 6 as 6.0', () => {
    expect(text).toContain('"valueQuantity":{"value":6.0,"unit":"{score}"');
  });

  it('tie the panel to its members and the mean to what it was made from', () => {
    const [, , , mean, panel] = observations;
    expect(panel?.hasMember?.map(({ reference }) => reference)).toEqual(['Observation/o1', 'Observation/o2', 'Observation/o3', 'Observation/o4']);
    expect(mean?.derivedFrom?.map(({ reference }) => reference)).toEqual(['QuestionnaireResponse/r', 'Observation/o1', 'Observation/o2', 'Observation/o3']);
    expect(panel?.valueQuantity).toBeUndefined();
  });
});

describe('observations of a PHQ-9', () => {
  const nine = Object.fromEntries(phq9.items.filter((item) => item.scored).map(({ linkId }) => [linkId, 1]));

  it('carry the chosen answers as LOINC codes and leave an unanswered question out', () => {
    const { observations } = observe('phq-9', nine);
    expect(observations).toHaveLength(11);
    expect(observations[0]?.valueCodeableConcept?.coding?.[0]).toEqual({ system: 'http://loinc.org', code: 'LA6569-3', display: 'Several days' });
    expect(observations.find((observation) => codeOf(observation) === '44261-6')?.valueQuantity?.value).toBe(9);
  });

  it('keep the difficulty question in the panel but out of the total', () => {
    const { observations } = observe('phq-9', { ...nine, phq10: 3 });
    const difficulty = observations.find((observation) => codeOf(observation) === '69722-7');
    const [total, panel] = observations.slice(-2);
    expect(difficulty?.valueCodeableConcept?.coding?.[0]?.code).toBe('LA6574-3');
    expect(panel?.hasMember).toContainEqual({ reference: `Observation/${difficulty?.id}` });
    expect(total?.derivedFrom).not.toContainEqual({ reference: `Observation/${difficulty?.id}` });
  });
});

it('a single rating is one observation', () => {
  const { observations } = observe('nrs-pain', { nrs: 4 });
  expect(observations.map((observation) => [codeOf(observation), observation.valueQuantity?.value])).toEqual([['72514-3', 4]]);
});
