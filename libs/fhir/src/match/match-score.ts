import { distance } from 'fastest-levenshtein';
import type { Demographics, Home } from './demographics.js';
import rules from './match-rules.json' with { type: 'json' };

/** How sure it is that two are the same (http://terminology.hl7.org/CodeSystem/match-grade). */
type Grade = 'certain' | 'probable' | 'possible';

export interface Verdict {
  /** From 0 to 1. */
  readonly score: number;
  readonly grade: Grade;
}

type Fact = keyof typeof rules.weights.value;
type Likeness = 'agree' | 'near' | 'differ';

/** How alike two patients are; undefined where they are too unlike to be told. The rules are data: `match-rules.json`. */
export function compare(asked: Demographics, found: Demographics): Verdict | undefined {
  const likeness = likenessOf(asked, found);
  if (asked.identifiers.some((identifier) => found.identifiers.includes(identifier))) {
    const { score, contradictedScore, contradictedBy } = rules.identifier.value;
    const contradicted = contradictedBy.every((fact) => likeness.get(fact as Fact) === 'differ');
    return contradicted ? { score: contradictedScore, grade: 'probable' } : { score, grade: 'certain' };
  }
  let sum = 0;
  for (const [fact, how] of likeness) sum += rules.weights.value[fact][how];
  const score = Math.round(Math.min(Math.max(sum / rules.full.value, 0), 1) * 100) / 100;
  const { probable, possible } = rules.grades.value;
  if (isCertain(likeness)) return { score, grade: 'certain' };
  if (score >= probable) return { score, grade: 'probable' };
  return score >= possible ? { score, grade: 'possible' } : undefined;
}

function isCertain(likeness: ReadonlyMap<Fact, Likeness>): boolean {
  const { allOf, oneOf, noneDiffers } = rules.certain.value;
  const is = (how: Likeness) => (fact: string): boolean => likeness.get(fact as Fact) === how;
  return allOf.every(is('agree')) && oneOf.some(is('agree')) && !noneDiffers.some(is('differ'));
}

/** How the facts that both have compare; of several values the pair that is most alike counts. */
function likenessOf(asked: Demographics, found: Demographics): Map<Fact, Likeness> {
  const likeness = new Map<Fact, Likeness>();
  const set = <T>(fact: Fact, ours: readonly T[], theirs: readonly T[], compareOne: (a: T, b: T) => Likeness | undefined): void => {
    const all = ours.flatMap((a) => theirs.flatMap((b) => compareOne(a, b) ?? []));
    const best = (['agree', 'near', 'differ'] as const).find((how) => all.includes(how));
    if (best) likeness.set(fact, best);
  };
  set('family', asked.family, found.family, names);
  set('given', asked.given, found.given, (a, b) => (isInitial(a, b) || isInitial(b, a) ? 'near' : names(a, b)));
  set('birthDate', asked.birthDate, found.birthDate, birthDates);
  set('gender', asked.gender, found.gender, same);
  set('phone', asked.phone, found.phone, phones);
  set('email', asked.email, found.email, same);
  set('address', asked.address, found.address, homes);
  return likeness;
}

const same = (a: string, b: string): Likeness => (a === b ? 'agree' : 'differ');

const isInitial = (a: string, b: string): boolean => a.length === 1 && b.length > 1 && b.startsWith(a);

function names(a: string, b: string): Likeness {
  if (a === b) return 'agree';
  const letters = Math.min(a.length, b.length);
  const edits = rules.near.value.edits.find((rule) => letters >= rule.letters)?.edits ?? 0;
  return distance(a, b) <= edits ? 'near' : 'differ';
}

function birthDates(a: string, b: string): Likeness {
  if (a === b) return a.length === FULL_DATE.length ? 'agree' : 'near';
  if (a.startsWith(b) || b.startsWith(a) || dayAndMonthExchanged(a) === b) return 'near';
  return a.length === b.length && distance(a, b) <= rules.near.value.birthDateEdits ? 'near' : 'differ';
}

const FULL_DATE = 'YYYY-MM-DD';

/** The date with day and month in each other's place, as it is often written down by mistake. */
export const dayAndMonthExchanged = (date: string): string => date.replace(/^(\d{4})-(\d{2})-(\d{2})$/, '$1-$3-$2');

function phones(a: string, b: string): Likeness {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= rules.near.value.phoneDigits && long.endsWith(short) ? 'agree' : 'differ';
}

function homes(a: Home, b: Home): Likeness | undefined {
  const [postalCode, city, line] = (['postalCode', 'city', 'line'] as const).map((part) => (a[part] === '' || b[part] === '' ? undefined : a[part] === b[part]));
  const place = postalCode ?? city;
  if (place === undefined && line === undefined) return undefined;
  if (place && line) return 'agree';
  return place || (line && place === undefined) ? 'near' : 'differ';
}
