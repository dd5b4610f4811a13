import { Injectable } from '@nestjs/common';
import { Transactions, expectVersion, type Scope } from '@cairn/platform';
import { AlertSubjects } from './alert-subjects.js';
import { OutcomeLists, type Page } from './outcomes.queries.js';
import type { SafetyAlertFacts } from './safety-alert-facts.js';
import { SafetyAlerts } from './safety-alerts.service.js';

type ListQuery = Parameters<OutcomeLists['alerts']>[1];

/** Safety alerts as the clinic's people work with them. */
@Injectable()
export class SafetyDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly alerts: SafetyAlerts,
    private readonly lists: OutcomeLists,
    private readonly subjects: AlertSubjects,
  ) {}

  async list(scope: Scope, query: ListQuery): Promise<Page<SafetyAlertFacts>> {
    return this.transactions.run(scope, (tx) => this.lists.alerts(tx, query));
  }

  async read(scope: Scope, id: string): Promise<SafetyAlertFacts> {
    return this.transactions.run(scope, (tx) => this.alerts.get(tx, id));
  }

  /** Takes charge, also where the finding itself stands. Where a version is named it must be the present one. */
  async acknowledge(scope: Scope, id: string, note: string, version: number | undefined): Promise<SafetyAlertFacts> {
    return this.transactions.run(scope, async (tx) => {
      const alert = await this.alerts.get(tx, id);
      if (version !== undefined) expectVersion(version, alert.version);
      const owner = this.subjects.find(alert.subject.kind);
      if (!owner || alert.state === 'acknowledged') return this.alerts.acknowledge(tx, id, note);
      // The finding is locked before its alert, as when it is found: the other order could wait for itself.
      await owner.acknowledge(tx, { subjectId: alert.subject.id, rule: alert.rule }, note);
      return this.alerts.get(tx, id);
    });
  }
}
