import { daysAfter } from '@cairn/people';
import type { MedicationSafety } from '../medication/medication-safety.js';
import { CADENCE_VERSION, HIGH_MME, ruleInterval, triggerInterval, windowEnd, type RuleId, type TriggerId } from './cadence-table.js';
import type { OpioidChange } from './opioid-change.js';

/** What the date of the next review depends on. */
export interface CadenceFacts {
  /** Activation of the plan, its resumption, or the end of its last review: regular intervals count from here. */
  readonly from: Date;
  /** The clinic's IANA zone: days are its calendar days. */
  readonly zone: string;
  readonly safety: MedicationSafety;
  readonly opioidChange?: OpioidChange;
  /** When the latest interventional procedure of the plan was done. */
  readonly procedureAt?: Date;
  /** When the plan was last reviewed: what happened before was looked at then. */
  readonly lastReviewAt?: Date;
}

/** Names a date that people chose, earlier than the rules ask for. */
const CHOSEN = 'chosen-at-review';

/** A date for a review, and the rule that set it. */
export interface ReviewDate {
  readonly rule: RuleId | TriggerId | typeof CHOSEN;
  /** The rule in a clinician's words. */
  readonly because: string;
  readonly tableVersion: string;
  readonly dueAt: Date;
  /** After this instant a review not held is missed. */
  readonly graceUntil: Date;
}

const dated = (rule: ReviewDate['rule'], because: string, dueAt: Date, graceDays: number, zone: string): ReviewDate => ({
  rule,
  because,
  tableVersion: CADENCE_VERSION,
  dueAt,
  graceUntil: daysAfter(dueAt, graceDays, zone),
});

const later = (one: Date, other: Date): Date => (one > other ? one : other);

/** The rules that apply to the facts, each with the instant it counts from. */
function applicable({ from, safety, opioidChange, procedureAt, lastReviewAt, zone }: CadenceFacts): { rule: RuleId; anchor: Date }[] {
  const rules: { rule: RuleId; anchor: Date }[] = [{ rule: 'plan-default', anchor: from }];
  const high = 'perDay' in safety.mme && safety.mme.perDay >= HIGH_MME;
  if (safety.opioids.length > 0) {
    rules.push({ rule: 'opioid-therapy', anchor: from });
    if (high) rules.push({ rule: 'opioid-50-mme', anchor: from });
    if (safety.benzodiazepines.length > 0) rules.push({ rule: 'opioid-with-benzodiazepine', anchor: from });
  }
  const notYetReviewed = (at: Date, rule: RuleId): boolean => (!lastReviewAt || at > lastReviewAt) && daysAfter(at, windowEnd(rule), zone) > from;
  if (opioidChange && notYetReviewed(opioidChange.at, 'opioid-start-or-escalation')) {
    rules.push({ rule: high ? 'opioid-start-or-escalation-50-mme' : 'opioid-start-or-escalation', anchor: opioidChange.at });
  }
  if (procedureAt && notYetReviewed(procedureAt, 'after-procedure')) rules.push({ rule: 'after-procedure', anchor: procedureAt });
  return rules;
}

/**
 * Every date that a rule asks for, soonest first. The first is the review's; the others show why it is not later. A date that an event
 * in the past asks for is never before `from`.
 */
export function reviewDates(facts: CadenceFacts): [ReviewDate, ...ReviewDate[]] {
  const [first, ...rest] = applicable(facts)
    .map(({ rule, anchor }) => {
      const { days, graceDays, says } = ruleInterval(rule);
      return dated(rule, says, later(daysAfter(anchor, days, facts.zone), facts.from), graceDays, facts.zone);
    })
    .sort((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
  if (!first) throw new Error('The default rule always applies.');
  return [first, ...rest];
}

/** The date until which a trigger wants the review, counted from when it happened. */
export function triggeredDate(trigger: TriggerId, at: Date, zone: string): ReviewDate {
  const { days, graceDays, says } = triggerInterval(trigger);
  return dated(trigger, says, daysAfter(at, days, zone), graceDays, zone);
}

/** A date that people chose: its days of grace never go past those of the rule that would have set the date. */
export function chosenDate(dueAt: Date, latest: ReviewDate, zone: string): ReviewDate {
  const date = dated(CHOSEN, 'the date was agreed at the review', dueAt, ruleInterval('plan-default').graceDays, zone);
  return date.graceUntil > latest.graceUntil ? { ...date, graceUntil: latest.graceUntil } : date;
}
