import type { CodeableConcept, Observation, Quantity } from '@medplum/fhirtypes';
import type { Answers } from './answers.js';
import { exactDecimal } from './exact-decimal.js';
import type { Instrument, InstrumentItem } from './instrument.js';
import { loinc } from './questionnaire.fhir.js';
import { decimalOf, type Score } from './score.js';

/** What the observations rest on. */
export interface ObservedFacts {
  readonly patientId: string;
  readonly instrument: Instrument;
  readonly answers: Answers;
  readonly score: Score;
  readonly responseId: string;
  readonly answeredAt: Date;
  readonly recordedAt: Date;
  /** Makes an id for each observation. */
  readonly newId: () => string;
}

type Stored = Observation & { id: string };

const CATEGORY: CodeableConcept = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey', display: 'Survey' }],
};

/** A number of points. UCUM writes a score's unit in braces. */
const points = (value: number): Quantity => ({ value, unit: '{score}', system: 'http://unitsofmeasure.org', code: '{score}' });

function valueOf(item: InstrumentItem, answer: number): Partial<Observation> {
  if (item.answer.kind === 'scale') return { valueQuantity: points(answer) };
  const option = item.answer.options.find(({ score }) => score === answer);
  return option ? { valueCodeableConcept: { coding: [loinc(option)] } } : {};
}

const referTo = ({ id }: Stored): { reference: string } => ({ reference: `Observation/${id}` });

/**
 * The observations of an answered instrument, in an order in which each stands before those that refer to it: one for each answer, the
 * total derived from them, and the panel that holds them all. An instrument of one question whose answer is the score gives just that one.
 */
export function observationsOf(facts: ObservedFacts): Stored[] {
  const { instrument, answers, score } = facts;
  const response = { reference: `QuestionnaireResponse/${facts.responseId}` };
  const observation = (code: CodeableConcept, rest: Partial<Observation>): Stored => ({
    resourceType: 'Observation',
    id: facts.newId(),
    status: 'final',
    category: [CATEGORY],
    code,
    subject: { reference: `Patient/${facts.patientId}` },
    effectiveDateTime: facts.answeredAt.toISOString(),
    issued: facts.recordedAt.toISOString(),
    performer: [{ reference: `Patient/${facts.patientId}` }],
    ...rest,
  });

  const items = instrument.items.flatMap((item) => {
    const answer = answers[item.linkId];
    return answer === undefined ? [] : [{ item, observed: observation({ coding: [loinc(item)], text: item.text }, { ...valueOf(item, answer), derivedFrom: [response] }) }];
  });
  const each = items.map(({ observed }) => observed);
  const { panel, total } = instrument.codes;
  if (!panel) return each;

  const scored = items.filter(({ item }) => item.scored).map(({ observed }) => referTo(observed));
  const sum = observation(
    { coding: [loinc(total)], text: `${instrument.title}: score` },
    { valueQuantity: points(exactDecimal(decimalOf(instrument, score))), derivedFrom: [response, ...scored] },
  );
  const whole = observation({ coding: [loinc(panel)], text: instrument.title }, { hasMember: [...each, sum].map(referTo), derivedFrom: [response] });
  return [...each, sum, whole];
}
