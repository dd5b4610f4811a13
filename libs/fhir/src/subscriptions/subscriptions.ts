import type { Config, DueWorkRegistry, Keyring, Logger, OutsideHttp, Transactions } from '@cairn/platform';
import type { FhirOperations } from '../operations/fhir-operations.js';
import type { Search } from '../search/search.js';
import type { ResourceWriter } from '../store/write-resources.js';
import { SubscriptionEventsOperation } from './events-operation.js';
import { NotificationWriter } from './notification.js';
import { ResendOperation } from './resend-operation.js';
import { SigningSecretOperation } from './secret-operation.js';
import { SendingClaims } from './sending-claims.js';
import { SendingOutcomes } from './sending-outcomes.js';
import { SubscriptionStatusOperation } from './status-operation.js';
import { SubscriptionAdmission } from './subscription-admission.js';
import { SubscriptionRecords } from './subscription-records.js';
import { SubscriptionSendingWork } from './subscription-sending.work.js';
import { SubscriptionWeighingWork } from './subscription-weighing.work.js';
import type { SubscriptionTopics } from './topic.js';

/** What subscriptions stand on. */
export interface SubscriptionGround {
  readonly base: string;
  readonly search: Search;
  readonly writer: ResourceWriter;
  readonly topics: SubscriptionTopics;
  readonly transactions: Transactions;
  readonly keyring: Keyring;
  readonly http: OutsideHttp;
  readonly config: Config;
  readonly logger: Logger;
}

/** Subscriptions, put together: what judges them, answers for them, and does their work. */
export class Subscriptions {
  readonly admission: SubscriptionAdmission;
  readonly records: SubscriptionRecords;

  constructor(private readonly ground: SubscriptionGround) {
    const { topics, search, keyring, http, config, writer } = ground;
    this.records = new SubscriptionRecords(writer);
    this.admission = new SubscriptionAdmission({ topics, search, keyring, http, mostPerClient: config.FHIR_SUBSCRIPTION_LIMIT });
  }

  /** Registers the operations and the work. Done once, when the module starts. */
  register(operations: FhirOperations, work: DueWorkRegistry): void {
    const { base, topics, search, transactions, keyring, http, config, logger } = this.ground;
    const notifications = new NotificationWriter(base);
    operations.register(new SubscriptionStatusOperation(notifications, topics, base));
    operations.register(new SubscriptionEventsOperation(notifications, topics, search));
    operations.register(new SigningSecretOperation(keyring, base));
    const { records } = this;
    operations.register(new ResendOperation(records, base));
    const claims = new SendingClaims({ transactions, search, topics, records, config });
    const outcomes = new SendingOutcomes(transactions, records, config);
    work.register(new SubscriptionWeighingWork({ transactions, search, topics, logger }));
    work.register(new SubscriptionSendingWork({ claims, outcomes, writer: notifications, topics, keyring, http, logger }));
  }
}
