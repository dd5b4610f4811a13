import type { QuestionnaireResponse, QuestionnaireResponseItem } from '@medplum/fhirtypes';
import type { Answers } from './answers.js';
import type { Instrument, InstrumentItem } from './instrument.js';
import { loinc, questionnaireCanonical } from './questionnaire.fhir.js';

/** What a response rests on. */
export interface ResponseFacts {
  readonly id: string;
  readonly assessmentId: string;
  readonly patientId: string;
  readonly instrument: Instrument;
  readonly answers: Answers;
  readonly answeredAt: Date;
  /** Name of the person who entered the answers where it wasn't the patient. */
  readonly enteredBy?: string | undefined;
}

function itemOf(item: InstrumentItem, answer: number): QuestionnaireResponseItem {
  const { linkId, text } = item;
  if (item.answer.kind === 'scale') return { linkId, text, answer: [{ valueInteger: answer }] };
  const option = item.answer.options.find(({ score }) => score === answer);
  return { linkId, text, answer: option ? [{ valueCoding: loinc(option) }] : [] };
}

/** The patient's answers as a completed QuestionnaireResponse. A question without an answer is left out. */
export function responseOf({ id, assessmentId, patientId, instrument, answers, answeredAt, enteredBy }: ResponseFacts): QuestionnaireResponse & { id: string } {
  const patient = { reference: `Patient/${patientId}` };
  return {
    resourceType: 'QuestionnaireResponse',
    id,
    identifier: { system: 'urn:cairn:assessment', value: assessmentId },
    questionnaire: questionnaireCanonical(instrument),
    status: 'completed',
    subject: patient,
    source: patient,
    author: enteredBy === undefined ? patient : { display: enteredBy },
    authored: answeredAt.toISOString(),
    item: instrument.items.flatMap((item) => {
      const answer = answers[item.linkId];
      return answer === undefined ? [] : [itemOf(item, answer)];
    }),
  };
}

/** The answers that a response of this instrument holds. */
export function answersOf(instrument: Instrument, response: QuestionnaireResponse): Answers {
  const answers: Record<string, number> = {};
  for (const item of instrument.items) {
    const given = response.item?.find(({ linkId }) => linkId === item.linkId)?.answer?.[0];
    if (item.answer.kind === 'scale') {
      if (given?.valueInteger !== undefined) answers[item.linkId] = given.valueInteger;
      continue;
    }
    const score = item.answer.options.find(({ code }) => code === given?.valueCoding?.code)?.score;
    if (score !== undefined) answers[item.linkId] = score;
  }
  return answers;
}
