import { Injectable } from '@nestjs/common';
import { decide, newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { safetyAlertWorkflow } from './safety-alert.workflow.js';
import { SafetyAlerts } from './safety-alerts.service.js';

/** Passes a safety alert to the next person when the present one let the time run out. */
@Injectable()
export class SafetyEscalationWork implements DueWork {
  readonly name = 'safety-escalation';
  readonly lane = 'safety';

  constructor(
    private readonly transactions: Transactions,
    private readonly alerts: SafetyAlerts,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; step: number }>({
      name: 'safety-escalation-due',
      text: `select clinic_id, id, step from safety_alert where state in ('raised', 'escalated') and due_at <= $1 order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.step }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const row = await this.alerts.lock(tx, id);
      const overdue = tx.clock.now() >= row.dueAt;
      if (decide(safetyAlertWorkflow, row.state, 'escalate', { byPerson: false, overdue }).ok) await this.alerts.escalate(tx, row);
    });
  }
}
