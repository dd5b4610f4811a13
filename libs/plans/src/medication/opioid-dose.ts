import { knowledge, type Factor } from './knowledge.js';
import type { Amount, DoseFacts, IngredientFacts, MedicationFacts, Route } from './medication-facts.js';

/** Why a dose in morphine milligram equivalents is not known. It is never guessed. */
type NotKnown =
  | 'dose-not-recorded'
  | 'frequency-not-recorded'
  | 'dose-changes-over-time'
  | 'strength-not-known'
  | 'dose-of-which-ingredient'
  | 'route-not-known'
  | 'no-factor'
  | 'partial-agonist';

/** One opioid that a prescription in force names. */
export interface OpioidDose {
  readonly medicationId: string;
  readonly name: string;
  readonly ingredient: string;
  /** Morphine milligram equivalents a day, at the most that the prescription allows; or why it is not known. */
  readonly mme: { readonly perDay: number } | { readonly notKnown: NotKnown };
}

/**
 * The day's total. `at-least`: some opioid's dose, or some medicine, is not known. `not-known`: none of the doses is.
 * `nothing-recorded`: the record holds no prescription at all, which is not the same as taking nothing.
 */
export type MmeTotal =
  | { readonly status: 'known' | 'at-least'; readonly perDay: number }
  | { readonly status: 'none' | 'not-known' | 'nothing-recorded' };

const round = (value: number): number => Math.round(value * 100) / 100;

/** The opioids that a prescription names, each with its dose or the reason why it is not known. Empty when it names none. */
export function opioidDoses(medication: MedicationFacts): OpioidDose[] {
  const found = medication.ingredients.flatMap((ingredient) => {
    const kind = knowledge.opioid(ingredient.words, ingredient.rxnorm);
    return kind ? [{ ingredient, kind }] : [];
  });
  const describe = (ingredient: string, mme: OpioidDose['mme']): OpioidDose => ({ medicationId: medication.id, name: medication.name, ingredient, mme });
  if (found.length === 0 && knowledge.isOpioidClass(medication.atc)) return [describe('opioid', { notKnown: 'no-factor' })];
  return found.map(({ ingredient, kind }) => {
    if (kind.kind !== 'factor') return describe(kind.ingredient, { notKnown: kind.kind });
    return describe(kind.factor.ingredient, doseOf(medication, ingredient, kind.factor));
  });
}

function doseOf(medication: MedicationFacts, ingredient: IngredientFacts, factor: Factor): OpioidDose['mme'] {
  if (medication.doses === 'changes-over-time') return { notKnown: 'dose-changes-over-time' };
  if (medication.doses.length === 0) return { notKnown: 'dose-not-recorded' };
  let total = 0;
  for (const dose of medication.doses) {
    const route: Route | undefined = dose.route ?? medication.route;
    if (route === undefined) return { notKnown: 'route-not-known' };
    if (route !== factor.route) return { notKnown: 'no-factor' };
    const mme = factor.per === 'mcg/h' ? byPatch(dose, ingredient, factor) : byDay(dose, ingredient, medication, factor);
    if (typeof mme === 'string') return { notKnown: mme };
    total += mme;
  }
  return { perDay: round(total) };
}

/** Micrograms an hour of the patches worn at a time × factor; never × patches a day or days a patch. Source: CDC 2022 table, footnote. */
function byPatch(dose: DoseFacts, { strength }: IngredientFacts, factor: Factor): number | NotKnown {
  if (strength?.per !== 'h') return 'strength-not-known';
  if (dose.amount?.unit !== 'unit') return 'dose-not-recorded';
  return strength.milligrams * 1000 * dose.amount.value * factor.factor;
}

function byDay(dose: DoseFacts, ingredient: IngredientFacts, medication: MedicationFacts, factor: Factor): number | NotKnown {
  const perDay = amountPerDay(dose);
  if (typeof perDay === 'string') return perDay;
  if (perDay.unit === 'mg') {
    if (!medication.complete || medication.ingredients.length > 1) return 'dose-of-which-ingredient';
    return perDay.value * factor.factor;
  }
  const { strength } = ingredient;
  if (strength?.per !== perDay.unit) return 'strength-not-known';
  return strength.milligrams * perDay.value * factor.factor;
}

/** The most that may be taken in a day: the regular dose, capped by the stated maximum; when only the maximum is stated, the maximum. */
function amountPerDay({ amount, timesPerDay, mostPerDay }: DoseFacts): Amount | NotKnown {
  if (amount === undefined || timesPerDay === undefined) {
    return mostPerDay ?? (amount === undefined ? 'dose-not-recorded' : 'frequency-not-recorded');
  }
  const regular = { value: amount.value * timesPerDay, unit: amount.unit };
  return mostPerDay?.unit === regular.unit && mostPerDay.value < regular.value ? mostPerDay : regular;
}

/** The day's total over all prescriptions in force. */
export function totalMme(medications: readonly MedicationFacts[]): MmeTotal {
  if (medications.length === 0) return { status: 'nothing-recorded' };
  const doses = medications.flatMap(opioidDoses);
  const counted = doses.filter(({ mme }) => !('notKnown' in mme && mme.notKnown === 'partial-agonist'));
  const known = counted.flatMap(({ mme }) => ('perDay' in mme ? [mme.perDay] : []));
  const certain = known.length === counted.length && medications.every(({ identified }) => identified);
  if (known.length > 0) return { status: certain ? 'known' : 'at-least', perDay: round(known.reduce((sum, perDay) => sum + perDay, 0)) };
  return { status: certain && doses.length === 0 ? 'none' : 'not-known' };
}
