/** How much of an ingredient one unit of the product holds. */
export interface Strength {
  readonly milligrams: number;
  /** `unit`: one tablet, capsule or film; `mL`: one millilitre; `h`: released in one hour, as from a patch. */
  readonly per: 'unit' | 'mL' | 'h';
}

interface NamedIngredient {
  readonly name: string;
  readonly strength?: Strength;
}

/** What a normalised drug name says. */
export interface DrugName {
  readonly ingredients: readonly NamedIngredient[];
  /** Dose form, such as `Oral Tablet`; absent where the name has none. */
  readonly form?: string;
}

const MILLIGRAMS: Record<string, number> = { MCG: 0.001, MG: 1, G: 1000 };
const PER: Record<string, Strength['per']> = { '': 'unit', ML: 'mL', HR: 'h' };

/** A release time ("12 HR") or a volume ("0.3 ML") may stand before the first ingredient. */
const LEAD = /^(?:NDA\d+ )?(?:\d+(?:\.\d+)? (?:HR|ML|ACTUAT) )?/i;
const BRAND = /\s*\[[^\]]*\]\s*$/;
const COMPONENT = /^(?<name>.+?) (?<value>\d+(?:\.\d+)?) (?<unit>[A-Z]+)(?:\/(?<per>[A-Z]+))?(?: (?<form>.+))?$/i;

/**
 * Reads a normalised clinical drug name: each ingredient with its strength, then the dose form, as in "acetaminophen 325 MG / oxycodone
 * hydrochloride 5 MG Oral Tablet". An ingredient whose strength is in another unit keeps its name only. Returns undefined when the
 * text is not such a name.
 * Source: RxNorm's conventions for the names of semantic clinical drugs.
 */
export function readDrugName(text: string): DrugName | undefined {
  const parts = text.replace(BRAND, '').replace(LEAD, '').split(' / ');
  const ingredients: NamedIngredient[] = [];
  let form: string | undefined;
  for (const part of parts) {
    const groups = COMPONENT.exec(part.trim())?.groups;
    if (!groups?.['name'] || !groups['value']) return undefined;
    const milligrams = MILLIGRAMS[(groups['unit'] ?? '').toUpperCase()];
    const per = PER[(groups['per'] ?? '').toUpperCase()];
    const strength = milligrams && per ? { milligrams: Number(groups['value']) * milligrams, per } : undefined;
    ingredients.push({ name: groups['name'], ...(strength ? { strength } : {}) });
    form = groups['form'];
  }
  return { ingredients, ...(form ? { form } : {}) };
}
