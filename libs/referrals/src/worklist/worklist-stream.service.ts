import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { unavailable } from '@cairn/kernel';
import { CONFIG, LOGGER, Transactions, audit, type Config, type Logger, type Scope } from '@cairn/platform';
import pg from 'pg';
import { StreamChannel, type ChannelRules } from './stream-channel.js';
import rules from './stream-rules.json' with { type: 'json' };
import { StreamSeats } from './stream-seats.js';

const CHANNEL = 'cairn_referral';
const MOST_MISSED = rules.mostMissed.value;
/** A transaction's changes bear the time they were made at, and are seen when it commits: how long that may take. */
const OVERLAP_MICROSECONDS = 60_000_000;
const RETRY_SECONDS = 5;

const CHANNEL_RULES: ChannelRules = {
  heartbeatMs: rules.heartbeatSeconds.value * 1000,
  longestMs: rules.longestSeconds.value * 1000,
  retryMs: rules.retrySeconds.value * 1000,
  mostWaitingBytes: rules.mostWaitingBytes.value,
};

interface Subscriber {
  readonly clinicId: string;
  readonly listener: StreamChannel;
}

/** Tells open worklists what changed. One database connection listens for all streams of a process; each stream hears of its own clinic only. */
@Injectable()
export class WorklistStream implements BeforeApplicationShutdown {
  readonly #byClinic = new Map<string, Set<Subscriber>>();
  readonly #seats = new StreamSeats({ all: rules.mostStreams.value, ofClinic: rules.mostOfClinic.value, ofPerson: rules.mostOfPerson.value });
  #ear: Promise<pg.Client> | undefined;
  #stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Opens a stream, first with what changed since `lastId`; its reader is named by `begin`. Refuses with `unavailable` when the process, the clinic or the person has
   * as many as they may, or the process is stopping.
   */
  async open(scope: Scope, lastId: string | undefined): Promise<StreamChannel> {
    this.#demandRunning();
    const giveBack = this.#seats.take({ clinicId: scope.clinicId, personId: scope.actor.id });
    const subscriber: Subscriber = {
      clinicId: scope.clinicId,
      listener: new StreamChannel(CHANNEL_RULES, () => {
        this.#forget(subscriber);
        giveBack();
      }),
    };
    try {
      await this.#listen();
      // A stop meanwhile has ended the streams that it knew of, and not this one.
      this.#demandRunning();
      const peers = this.#byClinic.get(scope.clinicId) ?? new Set();
      this.#byClinic.set(scope.clinicId, peers.add(subscriber));
      await this.#catchUp(scope, subscriber.listener, lastId);
    } catch (error) {
      subscriber.listener.close();
      throw error;
    }
    return subscriber.listener;
  }

  #demandRunning(): void {
    if (this.#stopped) throw unavailable('This server is stopping. Try again.', { retryAfter: RETRY_SECONDS });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    this.#closeAll();
    const ear = await this.#ear?.catch(() => undefined);
    await ear?.end().catch(() => undefined);
  }

  async #catchUp(scope: Scope, listener: StreamChannel, lastId: string | undefined): Promise<void> {
    const changes = await this.transactions.run(scope, async (tx) => {
      await audit(tx, { action: 'read', what: 'referral.watch' });
      if (lastId === undefined) return [];
      return tx.query<{ id: string; referral_id: string; version: number }>(
        `select (extract(epoch from c.changed_at) * 1000000)::bigint::text as id, c.id as referral_id, c.version from (
           (select changed_at, id, version from referral where clinic_id = $1 and changed_at > $2 order by changed_at limit ${MOST_MISSED + 1})
           union all
           (select k.changed_at, r.id, r.version from referral_claim k join referral r on r.clinic_id = k.clinic_id and r.id = k.referral_id
             where k.clinic_id = $1 and k.changed_at > $2 order by k.changed_at limit ${MOST_MISSED + 1})) c
         order by c.changed_at limit ${MOST_MISSED + 1}`,
        [scope.clinicId, new Date((Number(lastId) - OVERLAP_MICROSECONDS) / 1000)],
      );
    });
    if (changes.length > MOST_MISSED) listener.reset(changes.at(-1)?.id ?? lastId ?? '0');
    else for (const change of changes) listener.send({ id: change.id, referralId: change.referral_id, version: change.version });
  }

  /** Listens, once for the process. When the connection is lost all streams end: their readers come again and resume. */
  async #listen(): Promise<void> {
    this.#ear ??= this.#connect();
    try {
      await this.#ear;
    } catch (cause) {
      this.#ear = undefined;
      throw unavailable('The live worklist is not to be had just now. Try again soon.', { retryAfter: RETRY_SECONDS, cause });
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.config.DATABASE_URL, keepAlive: true, application_name: 'cairn-worklist' });
    const lost = (): void => {
      if (this.#stopped) return;
      this.#ear = undefined;
      this.logger.warn({ event: 'worklist.listener-lost' });
      this.#closeAll();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => this.#tell(payload ?? ''));
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    return client;
  }

  #tell(payload: string): void {
    const [clinicId = '', referralId = '', version = '', id = ''] = payload.split(' ');
    for (const { listener } of this.#byClinic.get(clinicId) ?? []) listener.send({ id, referralId, version: Number(version) });
  }

  #forget(subscriber: Subscriber): void {
    const peers = this.#byClinic.get(subscriber.clinicId);
    peers?.delete(subscriber);
    if (peers?.size === 0) this.#byClinic.delete(subscriber.clinicId);
  }

  #closeAll(): void {
    for (const peers of [...this.#byClinic.values()]) for (const { listener } of [...peers]) listener.close();
  }
}
