import { Injectable } from '@nestjs/common';
import { decide, newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { recommendationWorkflow } from './recommendation.workflow.js';
import { Recommendations } from './recommendations.service.js';

/** Brings a recommendation that was not done by its date back to the team. */
@Injectable()
export class RecommendationOverdueWork implements DueWork {
  readonly name = 'recommendation-overdue';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly recommendations: Recommendations,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string }>({
      name: 'recommendation-overdue-due',
      text: `select clinic_id, id from recommendation where state in ('proposed', 'accepted') and due_at <= $1 order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const row = await this.recommendations.lock(tx, id);
      const overdue = tx.clock.now() >= row.dueAt;
      if (decide(recommendationWorkflow, row.state, 'lapse', { overdue }).ok) await this.recommendations.lapse(tx, row);
    });
  }
}
