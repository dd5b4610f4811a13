import type { CodeableConcept, MeasureReport, MeasureReportGroup, MeasureReportGroupPopulation, MeasureReportGroupStratifier } from '@medplum/fhirtypes';
import type { ReferralReport } from './referral-report.js';

/** Canonical name of what is measured: the sections of the report, each a group. */
const REFERRAL_MEASURE = 'urn:cairn:measure:referrals';

const POPULATION = 'http://terminology.hl7.org/CodeSystem/measure-population';
const local = (text: string): CodeableConcept => ({ text });
const days = (value: number | null) => (value === null ? {} : { measureScore: { value, unit: 'days', system: 'http://unitsofmeasure.org', code: 'd' } });

const population = (code: 'initial-population' | 'denominator' | 'numerator', count: number): MeasureReportGroupPopulation => ({ code: { coding: [{ system: POPULATION, code }] }, count });
const counted = (text: string, count: number): MeasureReportGroupPopulation => ({ code: local(text), count });

/**
 * The report as a FHIR MeasureReport (summary). Waiting times: one group for each urgency, those seen as denominator, those seen by the target date as numerator,
 * the median as score. Equity: a stratifier for each split, without the groups that are withheld.
 */
export function reportAsFhir(report: ReferralReport, reporter: string): MeasureReport {
  const { flow, waiting, reasons, steps, equity } = report;
  const seen = waiting.reduce((sum, each) => sum + each.seen, 0);
  const group: MeasureReportGroup[] = [
    ...waiting.map((each) => ({
      code: local(`waiting: ${each.urgency}`),
      population: [
        population('denominator', each.seen),
        population('numerator', each.seen - each.seenLate),
        counted('waiting at the end', each.waiting),
        counted('waiting at the end, past the target date', each.waitingLate),
      ],
      ...days(each.medianDays),
      ...(each.p90Days === null ? {} : { stratifier: [{ code: [local('90th percentile')], stratum: [{ value: local('all'), ...days(each.p90Days) }] }] }),
    })),
    {
      code: local('flow'),
      population: [counted('open at the start', flow.openAtStart), counted('received', flow.received), ...flow.over.map(({ state, count }) => counted(`over: ${state}`, count)), counted('open at the end', flow.openAtEnd)],
    },
    ...(reasons.length > 0 ? [{ code: local('reasons'), population: reasons.map(({ state, code, count }) => counted(`${state}: ${code}`, count)) }] : []),
    ...steps.map(({ step, referrals, medianDays }) => ({ code: local(`time to: ${step}`), population: [population('denominator', referrals)], ...days(medianDays) })),
    { code: local('equity'), population: [population('initial-population', seen)], stratifier: equity.filter(({ groups }) => groups.length > 0).map(stratifier) },
  ];
  return {
    resourceType: 'MeasureReport',
    status: 'complete',
    type: 'summary',
    measure: REFERRAL_MEASURE,
    date: report.generatedAt.toISOString(),
    reporter: { reference: reporter, display: report.clinic },
    period: { start: report.period.from.toISOString(), end: new Date(report.period.until.getTime() - 1).toISOString() },
    group: group.map((each) => ({ ...each, ...(each.stratifier?.length === 0 ? { stratifier: undefined } : {}) })),
  };
}

const stratifier = ({ by, groups }: ReferralReport['equity'][number]): MeasureReportGroupStratifier => ({
  code: [local(by)],
  stratum: groups.map(({ group, count, medianDays }) => ({ value: local(group), population: [population('initial-population', count)], ...days(medianDays) })),
});
