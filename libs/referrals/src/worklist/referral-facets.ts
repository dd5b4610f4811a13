import type { PatientFacts } from '@cairn/people';
import { labelBits } from '@cairn/platform';
import type { Patient, ServiceRequest } from '@medplum/fhirtypes';
import { needWord, searchWords } from './search-words.js';
import { referrerKey } from './worklist.statement.js';

/** What filters, full text and reports look at, taken from the request and the patient. */
export interface Facets {
  readonly referrer: string | null;
  readonly referrerKey: string | null;
  /** Primary language subtag. */
  readonly language: string | null;
  /** The first characters of the postal code. */
  readonly area: string | null;
  readonly needWords: readonly string[];
  readonly requestWords: readonly string[];
}

/** Characters of a postal code that tell the area and not the street. */
const AREA_LENGTH = 3;

/** A request that a label guards, or of a patient whom one guards: not everybody who searches may read its words. */
const isGuarded = (request: ServiceRequest | undefined, patient: Patient | undefined): boolean => labelBits([...(request?.meta?.security ?? []), ...(patient?.meta?.security ?? [])]) !== 0;

/** Reads the facets. What the record does not tell is null. What is guarded is found by no words: to find by them would tell that they are there. */
export function facetsOf(request: ServiceRequest | undefined, patient: Patient | undefined, facts: PatientFacts | undefined): Facets {
  const { reference, display } = request?.requester ?? {};
  const referrer = (display ?? reference)?.slice(0, 200) ?? null;
  const postalCode = patient?.address?.find(({ use, postalCode: code }) => use !== 'old' && code)?.postalCode;
  const said = [
    ...(request?.reasonCode ?? []).flatMap((concept) => [concept.text, ...(concept.coding ?? []).map((coding) => coding.display)]),
    request?.code?.text,
    ...(request?.note ?? []).map((note) => note.text),
    request?.patientInstruction,
  ];
  return {
    referrer,
    referrerKey: referrer === null ? null : referrerKey(reference && !display ? reference : referrer),
    language: facts?.language?.split('-')[0]?.toLowerCase() ?? null,
    area: postalCode?.replace(/\s/g, '').toUpperCase().slice(0, AREA_LENGTH) || null,
    needWords: (facts?.accessNeeds ?? []).map(({ code }) => needWord(code)),
    requestWords: isGuarded(request, patient) ? [] : searchWords(said.filter(Boolean).join('\n')),
  };
}
