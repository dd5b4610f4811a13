import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';
import { ReferralSource } from './referral-source.entity.js';
import type { Dialect } from './referral.dialect.js';

/** How a connection speaks of referrals. */
export interface SourceFacts {
  readonly dialect: Dialect;
  /** The side that hosts the Task; the other holds a copy. */
  readonly taskHost: 'cairn' | 'requester';
}

const USUAL: SourceFacts = { dialect: 'plain', taskHost: 'cairn' };

/** Which dialect each connection speaks. Whoever sets up connections writes it here; referrals copy it when they come in and keep it. */
@Injectable()
export class ReferralSources {
  /** The connection's way, or the usual one (plain, hosted by Cairn) when nothing was set or there is no connection. */
  async get(tx: Tx, connectionId: string | null): Promise<SourceFacts> {
    if (connectionId === null) return USUAL;
    const source = await tx.em.findOne(ReferralSource, { clinicId: tx.scope.clinicId, connectionId });
    return source ? { dialect: source.dialect, taskHost: source.taskHost } : USUAL;
  }

  /** Sets the connection's way. Referrals that are under way keep theirs: a Task cannot change its dialect in the middle. */
  async put(tx: Tx, { connectionId, dialect, taskHost }: SourceFacts & { readonly connectionId: string }): Promise<void> {
    await tx.query(
      `insert into referral_source (clinic_id, connection_id, dialect, task_host) values ($1, $2, $3, $4)
        on conflict (clinic_id, connection_id) do update set dialect = excluded.dialect, task_host = excluded.task_host`,
      [tx.scope.clinicId, connectionId, dialect, taskHost],
    );
  }
}
