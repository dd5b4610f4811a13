const PARTS = /^(\d{4}(?:-\d{2}(?:-\d{2})?)?)(T.*)?$/;

/**
 * Whether a period certainly doesn't end before it begins (rule per-1). As in FHIRPath, two dates of which one says more than the other, and
 * which agree in what both say, can't be compared: then it is not certain.
 */
export function beginsBeforeEnd(start: string, end: string): boolean {
  const [, startDay = '', startTime] = PARTS.exec(start) ?? [];
  const [, endDay = '', endTime] = PARTS.exec(end) ?? [];
  if (startTime && endTime) return Date.parse(start) <= Date.parse(end);
  const common = Math.min(startDay.length, endDay.length);
  if (startDay.slice(0, common) !== endDay.slice(0, common)) return startDay < endDay;
  return startDay.length === endDay.length && !startTime === !endTime;
}
