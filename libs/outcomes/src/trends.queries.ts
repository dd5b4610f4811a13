import { Injectable } from '@nestjs/common';
import { audit, type Tx } from '@cairn/platform';
import { Assessment, type Occasion } from './assessment.entity.js';
import { instrumentOf, type Instrument } from './instrument.js';
import { bandOf, decimalOf, type Score } from './score.js';
import { compare, type Comparison } from './trend.js';

/** How many measurements a trend goes back at most. */
const MOST_POINTS = 200;

/** One measurement, and how it stands against its baseline. */
export interface TrendPoint {
  readonly assessmentId: string;
  readonly occasion: Occasion;
  readonly answeredAt: Date;
  /** The score as a decimal, such as "5.7". */
  readonly score: string;
  /** Severity band, with whether the bands were checked against a source. */
  readonly band: { readonly label: string; readonly verified: boolean } | null;
  /** Null for the baseline itself. */
  readonly change: Comparison | null;
}

export interface PatientTrend {
  readonly patientId: string;
  readonly instrument: string;
  /** The baseline in force now. */
  readonly baseline: TrendPoint | null;
  /** Oldest first. */
  readonly points: readonly TrendPoint[];
  readonly latest: TrendPoint | null;
}

interface Measured {
  readonly row: Assessment;
  readonly score: Score;
}

/** Reads how a patient's scores move. */
@Injectable()
export class Trends {
  /**
   * The patient's completed measurements with this instrument, each compared with its baseline: the newest one taken as a baseline before it,
   * or else the first of all. Empty where there is none. Refuses an unknown instrument.
   */
  async of(tx: Tx, patientId: string, instrumentId: string): Promise<PatientTrend> {
    const instrument = instrumentOf(instrumentId);
    const rows = await tx.em.find(
      Assessment,
      { clinicId: tx.scope.clinicId, patientId, instrument: instrument.id, state: 'completed' },
      { orderBy: { answeredAt: 'desc', id: 'desc' }, limit: MOST_POINTS },
    );
    await audit(tx, { action: 'read', what: 'outcome.trend', patients: [patientId] });
    const measured = rows.reverse().flatMap((row): Measured[] =>
      row.scoreSum == null || row.scoreDivisor == null ? [] : [{ row, score: { sum: row.scoreSum, divisor: row.scoreDivisor } }],
    );
    const points: TrendPoint[] = [];
    let baseline: { point: TrendPoint; score: Score } | undefined;
    for (const { row, score } of measured) {
      const isBaseline = !baseline || row.occasion === 'baseline';
      const point = pointOf(instrument, row, score, isBaseline || !baseline ? null : compare(instrument, baseline.score, score));
      if (isBaseline) baseline = { point, score };
      points.push(point);
    }
    return { patientId, instrument: instrument.id, baseline: baseline?.point ?? null, points, latest: points.at(-1) ?? null };
  }
}

const pointOf = (instrument: Instrument, row: Assessment, score: Score, change: Comparison | null): TrendPoint => ({
  assessmentId: row.id,
  occasion: row.occasion,
  answeredAt: row.answeredAt as Date,
  score: decimalOf(instrument, score),
  band: bandOf(instrument, score) ?? null,
  change,
});
