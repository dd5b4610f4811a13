import { daysBefore } from '@cairn/people';
import type { MmeTotal } from '../medication/opioid-dose.js';
import type { MedicationSafety } from '../medication/medication-safety.js';
import { START_LOOK_BACK_DAYS, windowEnd } from './cadence-table.js';

/** When an opioid was started or raised. */
export interface OpioidChange {
  readonly kind: 'start' | 'escalation';
  readonly at: Date;
}

export interface OpioidHistory {
  readonly now: Date;
  readonly zone: string;
  readonly safety: MedicationSafety;
  /** When each opioid prescription on record was written, whether still in force or not. */
  readonly authored: readonly Date[];
  /** The day's total that was known when the last review date was set. */
  readonly before?: MmeTotal;
}

/**
 * Whether an opioid was started, or its dose raised, so recently that a review of benefit and risk is still to come. A start: the oldest
 * prescription in force is recent and none was written in the look-back before it. A raise: the known total is higher than the total
 * that was known before. What the record does not tell is not assumed.
 */
export function opioidChange({ now, zone, safety, authored, before }: OpioidHistory): OpioidChange | undefined {
  const recently = daysBefore(now, windowEnd('opioid-start-or-escalation'), zone);
  const { mme, opioidSince } = safety;
  if (before && 'perDay' in before && 'perDay' in mme && mme.perDay > before.perDay && before.status === 'known') {
    const newest = authored.reduce<Date | undefined>((latest, date) => (date <= now && (!latest || date > latest) ? date : latest), undefined);
    return { kind: 'escalation', at: newest && newest > recently ? newest : now };
  }
  if (!opioidSince || opioidSince <= recently || opioidSince > now) return undefined;
  const lookBack = daysBefore(opioidSince, START_LOOK_BACK_DAYS, zone);
  const earlier = authored.some((date) => date < opioidSince && date >= lookBack);
  return earlier ? undefined : { kind: 'start', at: opioidSince };
}
