import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';

/** A Task that the requester's EHR has not taken. */
export interface NotTaken {
  /** `failed` is tried again by itself; the others wait for a person. */
  readonly state: 'failed' | 'dead' | 'not-taken';
  readonly problem: string | null;
  readonly since: string;
}

/** Lets whoever carries Tasks to EHRs say on the referral that one was not taken, and when it was after all. */
@Injectable()
export class ReferralDeliveries {
  /**
   * Notes how the delivery of the Task stands; does nothing where the Task is no referral's. It is no change of the referral: its version stays, so that nobody's decision is
   * refused for it.
   */
  async note(tx: Tx, taskId: string, notTaken: Omit<NotTaken, 'since'> | undefined): Promise<void> {
    const value = notTaken && JSON.stringify({ ...notTaken, since: tx.clock.now().toISOString() });
    await tx.query({
      name: 'referral-note-delivery',
      text: `update referral set not_taken = case when $3::jsonb is null then null when not_taken ->> 'state' = $3::jsonb ->> 'state' then not_taken else $3::jsonb end
        where clinic_id = $1 and task_id = $2 and (not_taken is not null or $3::jsonb is not null)`,
      values: [tx.scope.clinicId, taskId, value ?? null],
    });
  }
}
