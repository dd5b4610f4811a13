import type { Split } from './suppression.js';

/** Days, with one decimal; null where nobody is behind it. */
interface Spread {
  readonly medianDays: number | null;
  readonly p90Days: number | null;
}

/** How long patients of one urgency waited who were first seen in the period, and who still waits at its end. */
export interface Waiting extends Spread {
  readonly urgency: string;
  readonly seen: number;
  /** Of those seen: after the target date. */
  readonly seenLate: number;
  /** At the end of the period (or now, if that is earlier): received, not over, not seen. */
  readonly waiting: number;
  /** Of those waiting: past the target date. */
  readonly waitingLate: number;
}

export interface Flow {
  readonly openAtStart: number;
  readonly received: number;
  readonly over: readonly { readonly state: string; readonly count: number }[];
  readonly openAtEnd: number;
}

/** Why referrals ended without care, by their end and coded reason. */
export interface Reason {
  readonly state: string;
  readonly code: string;
  readonly text: string;
  readonly count: number;
}

/** Days from receipt to the first such step, over the referrals received in the period that have made it. */
export interface StepTime extends Spread {
  readonly step: string;
  readonly referrals: number;
}

/** The report on referrals over whole months of the clinic's calendar. */
export interface ReferralReport {
  readonly clinic: string;
  readonly period: { readonly from: Date; readonly until: Date };
  readonly generatedAt: Date;
  readonly waiting: readonly Waiting[];
  readonly flow: Flow;
  readonly reasons: readonly Reason[];
  readonly steps: readonly StepTime[];
  /** Those first seen in the period, by language, access needs (any, and each that a person may have among others) and postcode area. */
  readonly equity: readonly Split[];
}

/** Which months: `YYYY-MM`, both included. */
export interface ReportQuery {
  readonly from: string;
  readonly through: string;
  readonly format: 'json' | 'csv' | 'fhir';
}
