import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import codes from './codes.json' with { type: 'json' };
import pain from './pain-conditions.json' with { type: 'json' };

interface SourcedCode {
  system: string;
  code: string;
  display: string;
  ingredient?: { code: string; display: string };
}

function coding({ system, code, display }: SourcedCode): Coding {
  return { system, code, display };
}

function concept(from: SourcedCode): CodeableConcept {
  const { system, ingredient, display } = from;
  return { coding: [coding(from), ...(ingredient ? [{ system, ...ingredient }] : [])], text: display };
}

function named(codeList: Record<string, SourcedCode>, name: string): CodeableConcept {
  const found = codeList[name];
  if (!found) throw new Error(`codes.json has no code named "${name}"`);
  return concept(found);
}

/** What the hospital orders with: the referral's code and category, the Task's code, the type of a placer's identifier. */
export const ORDER = {
  code: concept(codes.order.code),
  category: concept(codes.order.category),
  fulfill: concept(codes.order.fulfill),
  placer: concept(codes.order.placer),
};

/** The measures that an invented patient's record holds. */
export const MEASURES = {
  painSeverity: concept(pain.severity),
  peg: [concept(codes.measures.peg1), concept(codes.measures.peg2), concept(codes.measures.peg3)],
  pegTotal: concept(codes.measures.pegTotal),
};

/** Returns a condition of codes.json by its name there. */
export const conditionCode = (name: string): CodeableConcept => named(codes.conditions, name);

/** Returns a medicine of codes.json by its name there; opioids carry their ingredient as a second coding. */
export const medicineCode = (name: string): CodeableConcept => named(codes.medicines, name);

const painCodes = new Set(pain.conditions.map((condition) => condition.code));

/** Tells whether a Condition's code counts as a pain condition (pain-conditions.json). */
export function isPainCode(code: CodeableConcept | undefined): boolean {
  return (code?.coding ?? []).some((one) => one.system === pain.system && painCodes.has(one.code ?? ''));
}

/** Tells whether an Observation's code is the 0 to 10 pain severity. */
export function isPainSeverity(code: CodeableConcept | undefined): boolean {
  return (code?.coding ?? []).some((one) => one.system === pain.severity.system && one.code === pain.severity.code);
}

/** Tells whether an Observation's code is one of the PEG's. */
export function isPeg(code: CodeableConcept | undefined): boolean {
  const known = [...MEASURES.peg, MEASURES.pegTotal].flatMap((measure) => measure.coding?.[0]?.code ?? []);
  return (code?.coding ?? []).some((one) => one.system === 'http://loinc.org' && known.includes(one.code ?? ''));
}
