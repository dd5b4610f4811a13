import table from './review-cadence.json' with { type: 'json' };

/** What may set the date of a plan's review. */
export const RULE_IDS = [
  'plan-default', 'opioid-therapy', 'opioid-50-mme', 'opioid-with-benzodiazepine', 'opioid-start-or-escalation',
  'opioid-start-or-escalation-50-mme', 'after-procedure',
] as const;
export type RuleId = (typeof RULE_IDS)[number];

/** What may bring a review forward. */
export const TRIGGER_IDS = ['outcome-worse', 'flare-up', 'safety-alert', 'missed-appointments', 'questionnaire-unanswered'] as const;
export type TriggerId = (typeof TRIGGER_IDS)[number];

/** Days in which something is done, the days of grace after them, and the rule in words. */
export interface Interval {
  readonly days: number;
  readonly graceDays: number;
  readonly says: string;
}

/** Finds a row that the file must have; a file without it stops the boot. */
function row<Row extends { id: string }>(rows: readonly Row[], id: string): Row {
  const found = rows.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`review-cadence.json has no "${id}".`);
  return found;
}

const rules = new Map(RULE_IDS.map((id) => [id, row(table.rules, id)]));
const triggers = new Map(TRIGGER_IDS.map((id) => [id, row(table.triggers, id)]));

const ruleRow = (id: RuleId): (typeof table.rules)[number] => rules.get(id) ?? row(table.rules, id);

/** Version of the table, kept with every date it sets. */
export const CADENCE_VERSION = table.version;

export const ruleInterval = (id: RuleId): Interval => ruleRow(id);

export function triggerInterval(id: TriggerId): Interval {
  const { withinDays, graceDays, says } = triggers.get(id) ?? row(table.triggers, id);
  return { days: withinDays, graceDays, says };
}

/** Last day after an event on which its rule still asks for a review. */
export const windowEnd = (id: RuleId): number => ruleRow(id).window?.toDays ?? ruleRow(id).days;

/** MME a day from which "sooner" applies. */
export const HIGH_MME = ruleRow('opioid-50-mme').mmePerDay ?? Infinity;

export const START_LOOK_BACK_DAYS = table.opioidStart.lookBackDays;
export const AGREE_WITHIN_DAYS = table.draft.agreeWithinDays;
export const PROBLEM_SOLVING_DAYS = table.problemSolving.withinDays;
export const QUESTIONNAIRE = table.questionnaire;
export const REVIEW_INSTRUMENTS: readonly string[] = table.reviewInstruments.ids;

/** How many missed appointments bring a review forward. */
export const MISSED_APPOINTMENTS = row(table.triggers, 'missed-appointments').count ?? Infinity;
