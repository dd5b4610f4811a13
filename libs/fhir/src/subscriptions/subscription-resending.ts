import { notFound } from '@cairn/kernel';
import { audit, cairnScope, type Scope, type Transactions } from '@cairn/platform';
import { resendDeadLetters } from './dead-letters.js';
import type { SubscriptionRecords } from './subscription-records.js';

/** Sends a subscriber's dead letters again at the word of those who look after the links, who see neither the Subscription nor its events. */
export class SubscriptionResending {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: SubscriptionRecords,
  ) {}

  /** Returns how many events go out again. Who asked is audited before, whatever comes of it. Refuses with 404 a subscription that is not there, else what `resendDeadLetters` refuses. */
  async resend(scope: Scope, id: string): Promise<number> {
    await this.transactions.run(scope, (tx) => audit(tx, { action: 'execute', what: 'subscription.resend', entities: [`Subscription/${id}`] }));
    const count = await this.transactions.run(cairnScope(scope.clinicId, 'subscription-desk', scope.correlationId), (tx) => resendDeadLetters(tx, id, this.records));
    if (count === undefined) throw notFound('The subscription');
    return count;
  }
}
