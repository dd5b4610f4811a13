import type { ReferralReport } from './referral-report.js';

type Line = readonly [section: string, group: string, measure: string, value: string | number | null];

/** The report as lines of section, group, measure and value: ready for a spreadsheet. Withheld groups do not appear; that there are some does. */
export function reportAsCsv(report: ReferralReport): string {
  const { flow } = report;
  const lines: Line[] = [
    ['period', '', 'from', report.period.from.toISOString()],
    ['period', '', 'until', report.period.until.toISOString()],
    ['period', '', 'generated at', report.generatedAt.toISOString()],
    ...report.waiting.flatMap(({ urgency, ...measures }) => measured('waiting', urgency, measures)),
    ...measured('flow', '', { openAtStart: flow.openAtStart, received: flow.received, openAtEnd: flow.openAtEnd }),
    ...flow.over.map(({ state, count }): Line => ['flow', state, 'over', count]),
    ...report.reasons.map(({ state, code, count }): Line => ['reasons', `${state}: ${code}`, 'count', count]),
    ...report.steps.flatMap(({ step, ...measures }) => measured('steps', step, measures)),
    ...report.equity.flatMap(({ by, groups, withheld }) => [
      ...groups.flatMap(({ group, count, medianDays }) => measured(`equity by ${by}`, group, { count, medianDays })),
      ...(withheld ? [[`equity by ${by}`, 'others', 'withheld', 'yes'] as const] : []),
    ]),
  ];
  return [['section', 'group', 'measure', 'value'] as const, ...lines].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

const measured = (section: string, group: string, measures: Readonly<Record<string, number | null>>): Line[] =>
  Object.entries(measures).map(([measure, value]) => [section, group, measure, value]);

/** RFC 4180; a text that a spreadsheet would take for a formula is told apart by an apostrophe. */
function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
