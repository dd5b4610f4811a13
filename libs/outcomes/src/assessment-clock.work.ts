import { Injectable } from '@nestjs/common';
import { decide, newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { workflowFacts } from './assessment-facts.js';
import { assessmentWorkflow } from './assessment.workflow.js';
import { Assessments } from './assessments.service.js';

/** Reminds on the due day and expires when the time to answer is over. */
@Injectable()
export class AssessmentClockWork implements DueWork {
  readonly name = 'assessment-clock';
  readonly lane = 'reminders';

  constructor(
    private readonly transactions: Transactions,
    private readonly assessments: Assessments,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; state: string }>({
      name: 'assessment-clock-due',
      text: `select clinic_id, id, state from assessment where next_at <= $1 order by next_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.state }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const row = await this.assessments.lock(tx, id);
      const facts = workflowFacts(row, tx.clock.now());
      for (const event of ['expire', 'remind'] as const) {
        if (decide(assessmentWorkflow, row.state, event, facts).ok) return this.assessments.advance(tx, row, event);
      }
    });
  }
}
