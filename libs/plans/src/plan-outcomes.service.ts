import { Injectable } from '@nestjs/common';
import { Trends } from '@cairn/outcomes';
import type { Tx } from '@cairn/platform';
import { REVIEW_INSTRUMENTS } from './cadence/cadence-table.js';
import type { OutcomeFinding } from './review-results.js';

/** How a patient's measures stand against their baseline, as a review looks at them. */
@Injectable()
export class PlanOutcomes {
  constructor(private readonly trends: Trends) {}

  /** One finding for each measure that was ever taken; the trend is null while there is only a baseline. */
  async of(tx: Tx, patientId: string): Promise<OutcomeFinding[]> {
    const findings: OutcomeFinding[] = [];
    for (const instrument of REVIEW_INSTRUMENTS) {
      const { baseline, latest } = await this.trends.of(tx, patientId, instrument);
      if (!latest) continue;
      const { change } = latest;
      findings.push({
        instrument,
        baseline: baseline && { score: baseline.score, answeredAt: baseline.answeredAt.toISOString() },
        latest: { score: latest.score, answeredAt: latest.answeredAt.toISOString() },
        trend: change?.trend ?? null,
        points: change?.points ?? null,
        rule: change?.rule.note ?? null,
      });
    }
    return findings;
  }
}
