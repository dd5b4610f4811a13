import type { Coding, Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import type { Instrument, InstrumentItem } from './instrument.js';

const LOINC = 'http://loinc.org';

const EXTENSIONS = 'http://hl7.org/fhir/StructureDefinition';
const LOINC_NOTICE = 'Codes and names from LOINC (http://loinc.org), © Regenstrief Institute, Inc. and the LOINC Committee, licence at http://loinc.org/license.';

/** Canonical address of the instrument, without its version. */
const questionnaireUrl = (instrument: Instrument): string => `urn:cairn:questionnaire:${instrument.id}`;

/** Canonical reference to this version of the instrument. */
export const questionnaireCanonical = (instrument: Instrument): string => `${questionnaireUrl(instrument)}|${instrument.version}`;

/** Logical id of the Questionnaire: the same in every clinic, a new one for each version. */
export const questionnaireId = (instrument: Instrument): string => `${instrument.id}-${instrument.version}`;

export const loinc = ({ code, display }: { readonly code: string; readonly display?: string | undefined }): Coding => ({
  system: LOINC,
  code,
  ...(display ? { display } : {}),
});

function itemOf(item: InstrumentItem): QuestionnaireItem {
  const common = { linkId: item.linkId, code: [loinc(item)], text: item.text, required: item.required };
  const { answer } = item;
  if (answer.kind === 'scale') {
    return {
      ...common,
      type: 'integer',
      extension: [
        { url: `${EXTENSIONS}/minValue`, valueInteger: answer.min },
        { url: `${EXTENSIONS}/maxValue`, valueInteger: answer.max },
      ],
    };
  }
  return {
    ...common,
    type: 'choice',
    answerOption: answer.options.map((option) => ({
      valueCoding: { ...loinc(option), extension: [{ url: `${EXTENSIONS}/ordinalValue`, valueDecimal: option.score }] },
    })),
  };
}

/** The instrument as a FHIR Questionnaire, with its owner's notice and LOINC's. */
export function questionnaireOf(instrument: Instrument): Questionnaire & { id: string } {
  const { licence, introduction, codes } = instrument;
  return {
    resourceType: 'Questionnaire',
    id: questionnaireId(instrument),
    language: instrument.language,
    url: questionnaireUrl(instrument),
    version: instrument.version,
    title: instrument.title,
    status: 'active',
    subjectType: ['Patient'],
    copyright: [licence.notice ?? licence.text, LOINC_NOTICE].join('\n'),
    ...(codes.panel ? { code: [loinc(codes.panel)] } : {}),
    item: [...(introduction ? [{ linkId: 'introduction', type: 'display' as const, text: introduction.text }] : []), ...instrument.items.map(itemOf)],
  };
}
