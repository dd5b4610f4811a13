import type { CodeableConcept, Coding, Dosage, Medication, MedicationRequest, Quantity, Timing } from '@medplum/fhirtypes';
import { readDrugName, type Strength } from './drug-name.js';
import { knowledge } from './knowledge.js';
import type { Amount, DoseFacts, IngredientFacts, MedicationFacts, Route } from './medication-facts.js';

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const ATC = 'http://www.whocc.no/atc';
const SNOMED = 'http://snomed.info/sct';

const IN_FORCE: readonly (MedicationRequest['intent'] | undefined)[] = ['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order'];

/** Whether the prescription is in force: active, an order, not a "do not take", and not past its own bounds. */
export function isInForce(request: MedicationRequest, now: Date): boolean {
  if (request.status !== 'active' || request.doNotPerform === true || !IN_FORCE.includes(request.intent)) return false;
  const dosages = request.dosageInstruction ?? [];
  return dosages.length === 0 || dosages.some((dosage) => !hasEnded(dosage, now));
}

const hasEnded = (dosage: Dosage, now: Date): boolean => {
  const end = dosage.timing?.repeat?.boundsPeriod?.end;
  return end !== undefined && endOf(end) < now.getTime();
};

/** A date without a time lasts until that day is over everywhere. */
const endOf = (date: string): number => (/^\d{4}(-\d{2}){0,2}$/.test(date) ? Date.parse(`${(date + '-12-31').slice(0, 10)}T23:59:59-12:00`) : Date.parse(date));

/**
 * What a MedicationRequest says. `product` is what its `medicationReference` leads to, where that could be read. Instructions that are
 * over are left out.
 */
export function readMedication(request: MedicationRequest, product: Medication | undefined, now: Date): MedicationFacts {
  const concept = request.medicationCodeableConcept ?? product?.code;
  const name = nameOf(concept);
  const composition = ingredientsOf(product, concept, name);
  const dosages = (request.dosageInstruction ?? []).filter((dosage) => !hasEnded(dosage, now));
  const route = routeFromWords(composition.form ?? nameOf(product?.form));
  const authored = request.authoredOn ? new Date(request.authoredOn) : undefined;
  return {
    id: request.id ?? '',
    name,
    identified: name !== '' || composition.ingredients.length > 0 || atcOf(concept).length > 0,
    ingredients: composition.ingredients,
    complete: composition.complete,
    atc: atcOf(concept),
    ...(route ? { route } : {}),
    doses: isSequence(dosages) ? 'changes-over-time' : dosages.map(doseOf),
    ...(authored && !Number.isNaN(authored.getTime()) ? { authoredOn: authored } : {}),
  };
}

const codings = (concept: CodeableConcept | undefined): Coding[] => concept?.coding ?? [];
const nameOf = (concept: CodeableConcept | undefined): string => concept?.text ?? codings(concept).find(({ display }) => display)?.display ?? '';
const atcOf = (concept: CodeableConcept | undefined): string[] => codings(concept).flatMap(({ system, code }) => (system === ATC && code ? [code] : []));
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];

interface Composition {
  readonly ingredients: readonly IngredientFacts[];
  readonly complete: boolean;
  readonly form?: string;
}

/** The ingredients, from the surest source that the record has: the product's own list, RxNorm's name or code, words of the name. */
function ingredientsOf(product: Medication | undefined, concept: CodeableConcept | undefined, name: string): Composition {
  if (product?.ingredient?.length) {
    const ingredients = product.ingredient.map(({ itemCodeableConcept, strength }) => {
      const measured = strengthOf(strength?.numerator, strength?.denominator);
      return { ...namedBy(itemCodeableConcept), ...(measured ? { strength: measured } : {}) };
    });
    return { ingredients, complete: true };
  }
  for (const { system, display, code } of codings(concept)) {
    if (system !== RXNORM) continue;
    const drug = display ? readDrugName(display) : undefined;
    if (drug) {
      const ingredients = drug.ingredients.map(({ name: text, strength }) => ({ words: wordsOf(text), ...(strength ? { strength } : {}) }));
      return { ingredients, complete: true, ...(drug.form ? { form: drug.form } : {}) };
    }
    if (code && knowledge.byRxnorm(code)) return { ingredients: [{ words: wordsOf(display ?? ''), rxnorm: code }], complete: true };
  }
  const words = wordsOf([name, ...codings(concept).map(({ display }) => display ?? '')].join(' '));
  const known = knowledge.names.filter((ingredient) => words.includes(ingredient));
  return { ingredients: known.map((ingredient) => ({ words: [ingredient] })), complete: false, form: name };
}

const namedBy = (concept: CodeableConcept | undefined): Pick<IngredientFacts, 'words' | 'rxnorm'> => {
  const rxnorm = codings(concept).find(({ system, code }) => system === RXNORM && code)?.code;
  return { words: wordsOf(nameOf(concept)), ...(rxnorm ? { rxnorm } : {}) };
};

function strengthOf(numerator: Quantity | undefined, denominator: Quantity | undefined): Strength | undefined {
  const milligrams = inMilligrams(numerator);
  const parts = denominator?.value ?? 1;
  if (milligrams === undefined || parts <= 0) return undefined;
  const unit = unitOf(denominator);
  if (denominator === undefined || unit === '' || isCounted(unit)) return { milligrams: milligrams / parts, per: 'unit' };
  if (unit === 'ml') return { milligrams: milligrams / parts, per: 'mL' };
  return unit === 'h' ? { milligrams: milligrams / parts, per: 'h' } : undefined;
}

const unitOf = (quantity: Quantity | undefined): string => (quantity?.code ?? quantity?.unit ?? '').toLowerCase();
const isCounted = (unit: string): boolean => knowledge.countedUnits.includes(unit);
const MASS: Record<string, number> = { mg: 1, g: 1000, ug: 0.001, mcg: 0.001 };

const inMilligrams = (quantity: Quantity | undefined): number | undefined => {
  const each = MASS[unitOf(quantity)];
  return quantity?.value === undefined || each === undefined ? undefined : quantity.value * each;
};

function amountOf(quantity: Quantity | undefined): Amount | undefined {
  if (quantity?.value === undefined) return undefined;
  const milligrams = inMilligrams(quantity);
  if (milligrams !== undefined) return { value: milligrams, unit: 'mg' };
  if (unitOf(quantity) === 'ml') return { value: quantity.value, unit: 'mL' };
  return [unitOf(quantity), (quantity.unit ?? '').toLowerCase()].some(isCounted) ? { value: quantity.value, unit: 'unit' } : undefined;
}

/** Instructions with different sequence numbers follow one another; the same number, or none, means at the same time. Source: FHIR R4 Dosage.sequence. */
const isSequence = (dosages: readonly Dosage[]): boolean => new Set(dosages.map(({ sequence }) => sequence)).size > 1;

function doseOf(dosage: Dosage): DoseFacts {
  const rates = dosage.doseAndRate ?? [];
  const amount = rates.length === 1 ? amountOf(rates[0]?.doseQuantity ?? rates[0]?.doseRange?.high) : undefined;
  const timesPerDay = timesPerDayOf(dosage.timing);
  const mostPerDay = mostPerDayOf(dosage);
  const route = routeOf(dosage.route);
  return {
    asNeeded: dosage.asNeededBoolean === true || dosage.asNeededCodeableConcept !== undefined,
    ...(amount ? { amount } : {}),
    ...(timesPerDay === undefined ? {} : { timesPerDay }),
    ...(mostPerDay ? { mostPerDay } : {}),
    ...(route ? { route } : {}),
  };
}

const HOURS: Record<string, number> = { h: 1, d: 24, wk: 168 };

/**
 * The most times a day. A stated period without a frequency means once in it (FHIR R4, Timing.repeat.frequency). Undefined where the
 * timing varies over the week or is given in a way that does not say how often.
 */
function timesPerDayOf(timing: Timing | undefined): number | undefined {
  const repeat = timing?.repeat;
  if (repeat?.period !== undefined && repeat.period > 0 && repeat.periodUnit) {
    const hours = HOURS[repeat.periodUnit];
    if (hours === undefined || repeat.dayOfWeek?.length) return undefined;
    return ((repeat.frequencyMax ?? repeat.frequency ?? 1) * 24) / (repeat.period * hours);
  }
  const times = codings(timing?.code).flatMap(({ code }) => (code ? [knowledge.timesPerDay(code)] : []));
  return times.find((count) => count !== undefined);
}

function mostPerDayOf({ maxDosePerPeriod }: Dosage): Amount | undefined {
  const amount = amountOf(maxDosePerPeriod?.numerator);
  const hours = HOURS[unitOf(maxDosePerPeriod?.denominator)];
  const periods = maxDosePerPeriod?.denominator?.value ?? 1;
  return amount && hours && periods > 0 ? { value: (amount.value * 24) / (hours * periods), unit: amount.unit } : undefined;
}

function routeOf(route: CodeableConcept | undefined): Route | undefined {
  if (!route) return undefined;
  for (const [name, codes] of [['oral', knowledge.routes.oral], ['transdermal', knowledge.routes.transdermal]] as const) {
    const coded = codings(route).some(({ system, code }) => code !== undefined && (system === SNOMED ? codes.snomed : codes.v3).includes(code));
    if (coded || codes.words.includes(nameOf(route).toLowerCase())) return name;
  }
  return 'other';
}

/** A dose form or product name says the route only when it names one; a form that Cairn does not know leaves it open. */
function routeFromWords(form: string): Route | undefined {
  const words = wordsOf(form);
  const says = (list: readonly string[]): boolean => list.some((word) => words.includes(word));
  if (says(knowledge.routes.transdermal.words)) return 'transdermal';
  if (says(['sublingual', 'buccal', 'transmucosal', 'injectable', 'injection', 'nasal', 'rectal', 'suppository'])) return 'other';
  return says(['oral']) ? 'oral' : undefined;
}
