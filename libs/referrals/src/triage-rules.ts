import { z } from 'zod';
import usual from './triage-rules.json' with { type: 'json' };
import { RED_FLAGS } from './red-flag-rules.js';
import { ASKS_FOR, type AsksFor } from './referral-wish.js';
import { PATHWAYS, URGENCIES } from './referral.settings.js';

const word = z.string().trim().min(1).max(200);
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).min(1).max(50);

const bound = z.number().min(-1_000_000).max(1_000_000);

/** Something that a rule looks at. Each is true of a referral or not; what is not known is not true. */
const predicateSchema = z.discriminatedUnion('fact', [
  /** The urgency that the referrer asked for. */
  z.strictObject({ fact: z.literal('urgency'), is: list(z.enum(URGENCIES)) }),
  /** What the referrer wants: care, or advice only. */
  z.strictObject({ fact: z.literal('asks-for'), is: list(z.enum(ASKS_FOR)) }),
  /** A red flag that was found. */
  z.strictObject({ fact: z.literal('flag'), is: list(z.enum(RED_FLAGS.map(({ id }) => id))) }),
  /** A condition that is not over, by the beginning of its code. */
  z.strictObject({ fact: z.literal('condition'), systems: list(z.url().max(200)), prefixes: list(word), withinDays: z.int().min(1).max(3660).optional() }),
  /** A medicine in use, by its code. */
  z.strictObject({ fact: z.literal('medicine'), systems: list(z.url().max(200)), codes: list(word) }),
  /** The latest value of an Observation with this LOINC code. */
  z.strictObject({ fact: z.literal('score'), code: word, atLeast: bound.optional(), below: bound.optional() }),
  z.strictObject({ fact: z.literal('age'), atLeast: z.int().min(0).max(130).optional(), below: z.int().min(0).max(130).optional() }),
  /** One of these words stands in the reason. */
  z.strictObject({ fact: z.literal('reason'), words: list(word) }),
  /** One of these items of the minimum data set is missing. */
  z.strictObject({ fact: z.literal('missing'), is: list(word) }),
  /** The patient was seen here on an earlier referral. */
  z.strictObject({ fact: z.literal('seen-before'), is: z.boolean() }),
]);
type Predicate = z.infer<typeof predicateSchema>;

export const triageRuleSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,60}$/, 'must be a word of small letters, digits and hyphens'),
  label: word,
  /** All of these hold. */
  all: z.array(predicateSchema).max(20),
  /** And none of these. */
  none: z.array(predicateSchema).max(20).optional(),
  suggest: z.strictObject({ urgency: z.enum(URGENCIES), pathway: z.enum(PATHWAYS) }),
  because: z.string().trim().min(1).max(500),
});
export type TriageRule = z.infer<typeof triageRuleSchema>;

/** What rules may look at. */
export interface TriageFacts {
  readonly urgency: string;
  readonly flags: readonly string[];
  readonly conditions: readonly { readonly system: string; readonly code: string; readonly ageDays: number | null }[];
  readonly medicines: readonly { readonly system: string; readonly code: string }[];
  readonly scores: Readonly<Record<string, number>>;
  readonly age: number | null;
  readonly reason: string;
  readonly missing: readonly string[];
  readonly asksFor: AsksFor;
  readonly seenBefore: boolean;
}

/** What a rule suggests, and which one. A person decides. */
export interface Suggestion {
  readonly ruleSet: string;
  readonly rule: string;
  readonly label: string;
  readonly because: string;
  readonly urgency: TriageRule['suggest']['urgency'];
  readonly pathway: TriageRule['suggest']['pathway'];
}

/** A rule set by its name: a clinic's version, or Cairn's own. */
export interface RuleSet {
  readonly name: string;
  readonly rules: readonly TriageRule[];
}

/** The rules that hold where a clinic has none of its own. */
export const USUAL_RULES: RuleSet = { name: usual.version, rules: z.array(triageRuleSchema).parse(usual.rules) };

/** The suggestion of the first rule that fits; undefined when none does. */
export function suggest({ name, rules }: RuleSet, facts: TriageFacts): Suggestion | undefined {
  const rule = rules.find(({ all, none = [] }) => all.every((predicate) => holds(predicate, facts)) && !none.some((predicate) => holds(predicate, facts)));
  return rule && { ruleSet: name, rule: rule.id, label: rule.label, because: rule.because, ...rule.suggest };
}

const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

const within = (value: number | null | undefined, { atLeast, below }: { readonly atLeast?: number | undefined; readonly below?: number | undefined }): boolean =>
  value !== null && value !== undefined && (atLeast === undefined || value >= atLeast) && (below === undefined || value < below);

function holds(predicate: Predicate, facts: TriageFacts): boolean {
  switch (predicate.fact) {
    case 'urgency':
      return predicate.is.some((urgency) => urgency === facts.urgency);
    case 'flag':
      return predicate.is.some((flag) => facts.flags.includes(flag));
    case 'condition':
      return facts.conditions.some(
        ({ system, code, ageDays }) =>
          predicate.systems.includes(system) &&
          predicate.prefixes.some((prefix) => code.toUpperCase().startsWith(prefix.toUpperCase())) &&
          (predicate.withinDays === undefined || (ageDays !== null && ageDays <= predicate.withinDays)),
      );
    case 'medicine':
      return facts.medicines.some(({ system, code }) => predicate.systems.includes(system) && predicate.codes.includes(code));
    case 'score':
      return within(facts.scores[predicate.code], predicate);
    case 'age':
      return within(facts.age, predicate);
    case 'reason':
      return predicate.words.some((each) => plain(facts.reason).includes(plain(each)));
    case 'asks-for':
      return predicate.is.includes(facts.asksFor);
    case 'missing':
      return predicate.is.some((item) => facts.missing.includes(item));
    case 'seen-before':
      return facts.seenBefore === predicate.is;
  }
}
