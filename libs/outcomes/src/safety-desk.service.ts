import { Injectable } from '@nestjs/common';
import { Transactions, expectVersion, type Scope } from '@cairn/platform';
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
  ) {}

  async list(scope: Scope, query: ListQuery): Promise<Page<SafetyAlertFacts>> {
    return this.transactions.run(scope, (tx) => this.lists.alerts(tx, query));
  }

  async read(scope: Scope, id: string): Promise<SafetyAlertFacts> {
    return this.transactions.run(scope, (tx) => this.alerts.get(tx, id));
  }

  /** Takes charge. Where a version is named it must be the present one. */
  async acknowledge(scope: Scope, id: string, note: string, version: number | undefined): Promise<SafetyAlertFacts> {
    return this.transactions.run(scope, async (tx) => {
      const row = await this.alerts.lock(tx, id);
      if (version !== undefined) expectVersion(version, row.version);
      return this.alerts.acknowledge(tx, id, note);
    });
  }
}
