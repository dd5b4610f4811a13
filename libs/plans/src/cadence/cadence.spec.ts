import { describe, expect, it } from '@jest/globals';
import type { MedicationSafety } from '../medication/medication-safety.js';
import { RULE_IDS, TRIGGER_IDS, ruleInterval, triggerInterval, windowEnd } from './cadence-table.js';
import { chosenDate, reviewDates, triggeredDate, type CadenceFacts } from './cadence.js';
import { opioidChange } from './opioid-change.js';

const zone = 'America/Chicago';
const noon = (day: string): Date => new Date(`${day}T18:00:00Z`);
const activated = noon('2026-01-05');

const none: MedicationSafety = { tableVersion: 't', mme: { status: 'none' }, opioids: [], benzodiazepines: [], unidentified: [] };
const onOpioids = (mme: MedicationSafety['mme'], more: Partial<MedicationSafety> = {}): MedicationSafety => ({
  ...none,
  mme,
  opioids: [{ medicationId: 'm', name: 'an opioid', ingredient: 'opioid', mme: { notKnown: 'no-factor' } }],
  ...more,
});
const benzodiazepine = { benzodiazepines: [{ medicationId: 'b', name: 'a benzodiazepine' }] };

const soonest = (facts: Partial<CadenceFacts>): [string, string] => {
  const [date] = reviewDates({ from: activated, zone, safety: none, ...facts });
  return [date.rule, date.dueAt.toISOString().slice(0, 10)];
};

describe('the date of the next review', () => {
  it.each<[string, Partial<CadenceFacts>, string, string]>([
    ['12 weeks by default', {}, 'plan-default', '2026-03-30'],
    ['12 weeks also with opioids of a low dose, for that is shorter than 90 days', { safety: onOpioids({ status: 'known', perDay: 20 }) }, 'plan-default', '2026-03-30'],
    ['4 weeks from 50 MME a day', { safety: onOpioids({ status: 'known', perDay: 50 }) }, 'opioid-50-mme', '2026-02-02'],
    ['4 weeks when at least 50 MME are known of', { safety: onOpioids({ status: 'at-least', perDay: 60 }) }, 'opioid-50-mme', '2026-02-02'],
    ['4 weeks with a benzodiazepine beside', { safety: onOpioids({ status: 'not-known' }, benzodiazepine) }, 'opioid-with-benzodiazepine', '2026-02-02'],
    ['the default with a benzodiazepine alone', { safety: { ...none, ...benzodiazepine } }, 'plan-default', '2026-03-30'],
    ['4 weeks after a procedure', { procedureAt: noon('2026-01-02') }, 'after-procedure', '2026-01-30'],
    ['at once when that time is nearly over', { procedureAt: noon('2025-12-01') }, 'after-procedure', '2026-01-05'],
    ['the default when the procedure is long past', { procedureAt: noon('2025-11-01') }, 'plan-default', '2026-03-30'],
    ['the default when the procedure was reviewed already', { procedureAt: noon('2026-01-02'), lastReviewAt: activated }, 'plan-default', '2026-03-30'],
    [
      '4 weeks after an opioid was started',
      { safety: onOpioids({ status: 'known', perDay: 20 }), opioidChange: { kind: 'start', at: noon('2026-01-03') } },
      'opioid-start-or-escalation',
      '2026-01-31',
    ],
    [
      '2 weeks after a raise to a high dose',
      { safety: onOpioids({ status: 'known', perDay: 90 }), opioidChange: { kind: 'escalation', at: noon('2026-01-03') } },
      'opioid-start-or-escalation-50-mme',
      '2026-01-17',
    ],
  ])('%s', (_, facts, rule, day) => {
    expect(soonest(facts)).toEqual([rule, day]);
  });

  it('keeps every rule that applied, soonest first, so that the reason can be shown', () => {
    const dates = reviewDates({ from: activated, zone, safety: onOpioids({ status: 'known', perDay: 60 }, benzodiazepine), procedureAt: noon('2026-01-04') });
    expect(dates.map(({ rule }) => rule)).toEqual(['after-procedure', 'opioid-50-mme', 'opioid-with-benzodiazepine', 'plan-default', 'opioid-therapy']);
    expect(dates[0].because).toContain('2 to 6 weeks');
  });

  it("keeps the time of day on the clinic's clock over a change to summer time", () => {
    const [{ dueAt }] = reviewDates({ from: activated, zone, safety: none });
    expect([activated.toISOString(), dueAt.toISOString()]).toEqual(['2026-01-05T18:00:00.000Z', '2026-03-30T17:00:00.000Z']);
  });

  it('brings a review forward by the days of the trigger', () => {
    expect(triggeredDate('safety-alert', activated, zone)).toMatchObject({ rule: 'safety-alert', dueAt: noon('2026-01-08'), graceUntil: noon('2026-01-08') });
  });

  it('lets people choose an earlier date, with no more grace than the rule gives', () => {
    const [rule] = reviewDates({ from: activated, zone, safety: none });
    expect(chosenDate(noon('2026-02-02'), rule, zone)).toMatchObject({ rule: 'chosen-at-review', graceUntil: noon('2026-02-16') });
    const [strict] = reviewDates({ from: activated, zone, safety: onOpioids({ status: 'known', perDay: 20 }), opioidChange: { kind: 'start', at: noon('2026-01-03') } });
    expect(chosenDate(noon('2026-01-25'), strict, zone).graceUntil).toEqual(noon('2026-01-31'));
  });

  it('keeps every published window, days of grace included', () => {
    for (const id of ['opioid-start-or-escalation', 'opioid-start-or-escalation-50-mme', 'after-procedure'] as const) {
      const { days, graceDays } = ruleInterval(id);
      expect([id, days + graceDays <= windowEnd(id)]).toEqual([id, true]);
    }
  });

  it('has a row for every rule and trigger', () => {
    expect(RULE_IDS.map((id) => ruleInterval(id).days)).toEqual([84, 90, 28, 28, 28, 14, 28]);
    expect(TRIGGER_IDS.map((id) => triggerInterval(id).days)).toEqual([14, 7, 3, 14, 14]);
  });
});

describe('a start or raise of an opioid', () => {
  const now = noon('2026-02-01');
  const recent = noon('2026-01-20');
  const base = { now, zone, safety: onOpioids({ status: 'known', perDay: 40 }, { opioidSince: recent }), authored: [recent] };

  it('is a start when nothing was prescribed in the 90 days before', () => {
    expect(opioidChange(base)).toEqual({ kind: 'start', at: recent });
    expect(opioidChange({ ...base, authored: [recent, noon('2025-10-01')] })).toEqual({ kind: 'start', at: recent });
    expect(opioidChange({ ...base, authored: [recent, noon('2025-12-01')] })).toBeUndefined();
  });

  it('is over four weeks later', () => {
    expect(opioidChange({ ...base, now: noon('2026-03-01') })).toBeUndefined();
  });

  it('is a raise when the known total is higher than the known total before', () => {
    expect(opioidChange({ ...base, before: { status: 'known', perDay: 20 } })).toEqual({ kind: 'escalation', at: recent });
    expect(opioidChange({ ...base, authored: [recent, noon('2025-12-01')], before: { status: 'known', perDay: 40 } })).toBeUndefined();
    expect(opioidChange({ ...base, authored: [recent, noon('2025-12-01')], before: { status: 'at-least', perDay: 20 } })).toBeUndefined();
  });
});
