import type { Strength } from './drug-name.js';

export type Route = 'oral' | 'transdermal' | 'other';

/** One amount, in the unit it was prescribed in. `unit` counts tablets, capsules, films or patches. */
export interface Amount {
  readonly value: number;
  readonly unit: 'mg' | 'mL' | 'unit';
}

/** One way in which the medicine is to be taken, at the most that the prescription allows. */
export interface DoseFacts {
  readonly amount?: Amount;
  readonly timesPerDay?: number;
  readonly asNeeded: boolean;
  readonly mostPerDay?: Amount;
  readonly route?: Route;
}

/** One ingredient of a medicine, as far as the record names it. */
export interface IngredientFacts {
  /** Lower-case words of its name; empty when only a code is known. */
  readonly words: readonly string[];
  readonly rxnorm?: string;
  readonly strength?: Strength;
}

/** What a prescription in force says, free of FHIR. */
export interface MedicationFacts {
  /** Logical id of the MedicationRequest. */
  readonly id: string;
  /** The name a clinician reads; empty when the record has none. */
  readonly name: string;
  /** False when the record names neither the medicine nor a code that Cairn can read. */
  readonly identified: boolean;
  readonly ingredients: readonly IngredientFacts[];
  /** Whether the ingredients are the medicine's own list, and not only words found in its name. */
  readonly complete: boolean;
  readonly atc: readonly string[];
  readonly route?: Route;
  /** `changes-over-time`: the instructions follow one another, and which is in force the record does not say. */
  readonly doses: readonly DoseFacts[] | 'changes-over-time';
  readonly authoredOn?: Date;
}
