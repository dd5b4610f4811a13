import { knowledge } from './knowledge.js';
import type { MedicationFacts } from './medication-facts.js';
import { opioidDoses, totalMme, type MmeTotal, type OpioidDose } from './opioid-dose.js';

/** What the prescriptions in force mean for safety. Decision support: it states facts and what is not known, and decides nothing. */
export interface MedicationSafety {
  /** Version of the table of factors that was used. */
  readonly tableVersion: string;
  readonly mme: MmeTotal;
  readonly opioids: readonly OpioidDose[];
  readonly benzodiazepines: readonly { readonly medicationId: string; readonly name: string }[];
  /** Prescriptions of which the record does not say what they are. */
  readonly unidentified: readonly string[];
  /** When the oldest opioid prescription in force was written; absent when none is, or its date is not recorded. */
  readonly opioidSince?: Date;
}

/** Looks over all prescriptions in force for one patient. */
export function medicationSafety(medications: readonly MedicationFacts[]): MedicationSafety {
  const opioids = medications.flatMap(opioidDoses);
  const opioidIds = new Set(opioids.map(({ medicationId }) => medicationId));
  const opioidStarts = medications.filter(({ id }) => opioidIds.has(id)).map(({ authoredOn }) => authoredOn);
  const since = opioidStarts.every((date) => date !== undefined)
    ? opioidStarts.reduce<Date | undefined>((oldest, date) => (oldest && oldest <= date ? oldest : date), undefined)
    : undefined;
  return {
    tableVersion: knowledge.version,
    mme: totalMme(medications),
    opioids,
    benzodiazepines: medications
      .filter(({ ingredients, atc }) => knowledge.isBenzodiazepine(ingredients.flatMap(({ words }) => words), atc))
      .map(({ id, name }) => ({ medicationId: id, name })),
    unidentified: medications.filter(({ identified }) => !identified).map(({ id }) => id),
    ...(since ? { opioidSince: since } : {}),
  };
}
