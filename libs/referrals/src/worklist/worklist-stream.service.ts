import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { unavailable } from '@cairn/kernel';
import { CONFIG, LOGGER, Transactions, audit, type Config, type Logger, type Scope } from '@cairn/platform';
import pg from 'pg';

/** That a referral changed, in no words but its id and version. `id` orders the news and resumes them: microseconds since 1970. */
interface Change {
  readonly id: string;
  readonly referralId: string;
  readonly version: number;
}

/** Where news are written. `send` returns whether the reader keeps up. */
export interface Listener {
  send(change: Change): boolean;
  /** Too much was missed to be told one by one: read the list again. */
  reset(id: string): void;
  close(): void;
}

const CHANNEL = 'cairn_referral';
/** Streams of one process at most. */
const MOST_STREAMS = 500;
/** Missed changes told one by one at most. */
const MOST_MISSED = 1000;
/** A transaction's changes bear the time they were made at, and are seen when it commits: how long that may take. */
const OVERLAP_MICROSECONDS = 60_000_000;
const RETRY_SECONDS = 5;

interface Subscriber {
  readonly clinicId: string;
  readonly listener: Listener;
}

/** Tells open worklists what changed. One database connection listens for all streams of a process; each stream hears of its own clinic only. */
@Injectable()
export class WorklistStream implements BeforeApplicationShutdown {
  readonly #byClinic = new Map<string, Set<Subscriber>>();
  #count = 0;
  #ear: Promise<pg.Client> | undefined;
  #stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Begins a stream, first with what changed since `lastId`. Returns what ends it. Refuses with `unavailable` when the process serves as many as it can, or is
   * stopping.
   */
  async open(scope: Scope, listener: Listener, lastId: string | undefined): Promise<() => void> {
    if (this.#stopped || this.#count >= MOST_STREAMS) throw unavailable('There are too many live worklists on this server. Try again soon.', { retryAfter: RETRY_SECONDS });
    const subscriber: Subscriber = { clinicId: scope.clinicId, listener };
    this.#count += 1;
    try {
      await this.#listen();
      const peers = this.#byClinic.get(scope.clinicId) ?? new Set();
      this.#byClinic.set(scope.clinicId, peers.add(subscriber));
      await this.#catchUp(scope, listener, lastId);
    } catch (error) {
      if (!this.#forget(subscriber)) this.#count -= 1;
      throw error;
    }
    return () => {
      this.#forget(subscriber);
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    this.#closeAll();
    const ear = await this.#ear?.catch(() => undefined);
    await ear?.end().catch(() => undefined);
  }

  async #catchUp(scope: Scope, listener: Listener, lastId: string | undefined): Promise<void> {
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
    for (const subscriber of this.#byClinic.get(clinicId) ?? []) {
      // Who does not keep up is let go, and resumes where it was.
      if (!subscriber.listener.send({ id, referralId, version: Number(version) })) subscriber.listener.close();
    }
  }

  #forget(subscriber: Subscriber): boolean {
    const peers = this.#byClinic.get(subscriber.clinicId);
    if (!peers?.delete(subscriber)) return false;
    this.#count -= 1;
    if (peers.size === 0) this.#byClinic.delete(subscriber.clinicId);
    return true;
  }

  #closeAll(): void {
    for (const peers of this.#byClinic.values()) for (const { listener } of peers) listener.close();
  }
}
