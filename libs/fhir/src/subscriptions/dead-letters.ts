import { conflict } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { SubscriptionRecords } from './subscription-records.js';
import { readRow, updateRow, type SubscriptionRow } from './subscription-row.js';

/**
 * Puts the events that were given up last back in line: they go out again in their order, under their numbers and the `webhook-id` they had, and before
 * anything newer. A subscription in error begins anew with a handshake. Returns how many events that are; undefined where the actor sees no such subscription.
 *
 * Refuses with 409 a subscription that is off, one for which a notification is under way, and dead letters that something newer has overtaken: sent now,
 * they would come out of order, so `$events` has them.
 */
export async function resendDeadLetters(tx: Tx, id: string, records: SubscriptionRecords): Promise<number | undefined> {
  const row = await readRow(tx, id, 'wait');
  if (!row) return undefined;
  const now = tx.clock.now();
  if (row.state === 'off') throw conflict('The subscription is off: nothing is sent for it.', { code: 'subscription.off' });
  if (row.claimedUntil !== null && row.claimedUntil > now) throw conflict('A notification is under way. Try again in a minute.', { code: 'subscription.busy' });
  const revived = await revive(tx, row);
  if (revived.length === 0) throw conflict('No dead letters can be sent again: there are none, or newer events were delivered after them. $events has what is still kept.', { code: 'subscription.nothing-to-resend' });
  const delivered = Math.min(...revived) - 1;
  const anew = row.state === 'error' ? ({ state: 'requested', problem: null, failed_at: null } as const) : {};
  await updateRow(tx, id, { ...anew, delivered, weighed: Math.min(row.weighed, delivered), batch_to: null, attempts: 0, due_at: now });
  if (row.state === 'error') await records.say(tx, id, 'requested');
  await tx.ring();
  return revived.length;
}

/** Takes the mark from the dead letters behind the last event that was delivered. Returns their numbers. */
async function revive(tx: Tx, { id, delivered }: SubscriptionRow): Promise<number[]> {
  const rows = await tx.query<{ number: number }>({
    name: 'fhir-subscription-revive',
    text: `update fhir_subscription_event e set dead_at = null
      where e.clinic_id = $1 and e.subscription_id = $2 and e.dead_at is not null and e.number <= $3
        and e.number > coalesce((select max(l.number) from fhir_subscription_event l
          where l.clinic_id = $1 and l.subscription_id = $2 and l.number <= $3 and l.dead_at is null), 0)
      returning e.number::float8 as number`,
    values: [tx.scope.clinicId, id, delivered],
  });
  return rows.map(({ number }) => number);
}
