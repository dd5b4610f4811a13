import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { Transactions, cairnScope, type Scope, type Tx } from '@cairn/platform';
import type { SubscriptionState } from './backport.js';

/** A subscription as hospital IT sees it: how the link does, nothing of whom it is about. */
export interface SubscriptionView {
  readonly id: string;
  /** The name of the client that made it. */
  readonly client: string;
  readonly connectionId: string | null;
  readonly state: SubscriptionState;
  /** Absent for a plain R4 subscription. */
  readonly topic: string | null;
  readonly type: string;
  /** The host that notifications go to. */
  readonly host: string;
  readonly events: number;
  /** Events that are still to be delivered. */
  readonly waiting: number;
  /** Events that were given up, as far as they are still kept. */
  readonly deadLetters: number;
  readonly problem: string | null;
  readonly lastSentAt: Date | null;
  /** When the next try, heartbeat or end is due. */
  readonly dueAt: Date | null;
}

/** An event that was given up. Which resource it was about stands nowhere here: the subscriber learns it by `$events`. */
export interface DeadLetterView {
  readonly number: number;
  readonly type: string;
  readonly occurredAt: Date;
  readonly givenUpAt: Date;
}

const MOST = 1000;

/** How the clinic's subscriptions do, for those who look after the links. Row-level security hides them from people; whoever asks here must hold the right to read links. */
@Injectable()
export class SubscriptionDesk {
  constructor(private readonly transactions: Transactions) {}

  /** All that are not off, those in error first; at most 1,000. */
  async list(scope: Scope): Promise<{ items: SubscriptionView[] }> {
    const items = await this.#look(scope, (tx) =>
      tx.query<SubscriptionView & { id: string }>({
        name: 'fhir-subscription-desk',
        text: `select s.id, s.client_name as client, s.connection_id as "connectionId", s.state, s.topic, s.resource_type as type, s.host, s.events::float8 as events,
            (s.events - s.delivered)::float8 as waiting, s.problem, s.last_sent_at as "lastSentAt", s.due_at as "dueAt",
            (select count(*)::int from fhir_subscription_event e where e.clinic_id = s.clinic_id and e.subscription_id = s.id and e.dead_at is not null) as "deadLetters"
          from fhir_subscription s where s.clinic_id = $1 and s.state <> 'off' order by s.state = 'error' desc, s.made_at desc, s.id limit $2`,
        values: [scope.clinicId, MOST],
      }),
    );
    return { items };
  }

  /** The events of one subscription that were given up, newest first; at most 1,000. Refuses with 404 a subscription that is not there. */
  async deadLetters(scope: Scope, id: string): Promise<{ items: DeadLetterView[] }> {
    return this.#look(scope, async (tx) => {
      const found = await tx.query('select 1 from fhir_subscription where clinic_id = $1 and id = $2', [scope.clinicId, id]);
      if (found.length === 0) throw notFound('The subscription');
      const items = await tx.query<DeadLetterView & { number: number }>({
        name: 'fhir-subscription-dead-letters',
        text: `select number::float8 as number, resource_type as type, occurred_at as "occurredAt", dead_at as "givenUpAt" from fhir_subscription_event
          where clinic_id = $1 and subscription_id = $2 and dead_at is not null order by number desc limit $3`,
        values: [scope.clinicId, id, MOST],
      });
      return { items };
    });
  }

  #look<T>({ clinicId, correlationId }: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transactions.read(cairnScope(clinicId, 'subscription-desk', correlationId), work);
  }
}
