import type { Tx } from '@cairn/platform';
import { amendText } from '../lossless/amend-text.js';
import { readObject } from '../lossless/read-body.js';
import { isDeleted, readCurrent } from '../store/stored-version.js';
import type { ResourceWriter } from '../store/write-resources.js';
import type { SubscriptionState } from './backport.js';
import { setInterest, updateRow } from './subscription-row.js';

/** Changes the status of subscriptions, in their account and in the resource alike. */
export class SubscriptionRecords {
  constructor(private readonly writer: ResourceWriter) {}

  /** Says in the resource how the subscription stands, with the reason where it is an error. Does nothing where it says so already. */
  async say(tx: Tx, id: string, status: SubscriptionState, error?: string): Promise<void> {
    const previous = (await readCurrent(tx, [{ type: 'Subscription', id }], true)).get(`Subscription/${id}`);
    if (!previous || isDeleted(previous)) return;
    const before = readObject(previous.json).value;
    const { error: former, ...rest } = before;
    if (before['status'] === status && former === error) return;
    const content = readObject(amendText(previous.json, before, { ...rest, status, ...(error === undefined ? {} : { error }) }));
    await this.writer.write(tx, [{ method: 'PUT', type: 'Subscription', id, owner: previous.owner, previous, content }], 'cairn');
  }

  /** Ends a subscription: nothing is recorded or sent for it any more. */
  async end(tx: Tx, id: string, error?: string): Promise<void> {
    await setInterest(tx, id, undefined);
    await updateRow(tx, id, { state: 'off', due_at: null, claimed_until: null, batch_to: null, problem: error ?? null });
    await this.say(tx, id, 'off', error);
  }
}
