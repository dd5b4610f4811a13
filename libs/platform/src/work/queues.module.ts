import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createPostgresBackend, setDefaultBackendFactory, type ConnectionOptions, type Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { CONFIG, type Config } from '../config/config.js';
import { LANES, type Lane } from './due-work.js';

/**
 * Puts BullMQ on PostgreSQL unless Redis is configured. Must run before any module that holds a queue is imported, since BullMQ takes
 * its backend from one process-wide default and @nestjs/bullmq passes none.
 */
export function chooseQueueBackend(config: Pick<Config, 'REDIS_URL'>): void {
  if (config.REDIS_URL) setDefaultBackendFactory();
  else setDefaultBackendFactory(createPostgresBackend);
}

/** The connection that all queues of a process share. BullMQ leaves closing it to its owner. */
interface QueueConnection {
  readonly options: ConnectionOptions;
  close(): Promise<unknown>;
}

const QUEUE_CONNECTION = Symbol('QueueConnection');

const connect = (config: Config): QueueConnection => {
  if (config.REDIS_URL) {
    const redis = new Redis(config.REDIS_URL, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined); // ioredis reconnects; the readiness check reports an outage.
    return { options: redis, close: () => redis.quit().catch(() => redis.disconnect()) };
  }
  const pool = new pg.Pool({ connectionString: config.DATABASE_URL, options: '-c search_path=bullmq', keepAlive: true, max: 8, application_name: 'cairn-queue' });
  pool.on('error', () => undefined); // BullMQ reconnects; the readiness check reports an outage.
  pool.on('connect', (client) => client.on('error', () => undefined));
  // @nestjs/bullmq types its connection for Redis only; the backend chosen above decides what it really is.
  const options: ConnectionOptions = pool;
  return { options, close: () => pool.end() };
};

@Global()
@Module({ providers: [{ provide: QUEUE_CONNECTION, inject: [CONFIG], useFactory: connect }], exports: [QUEUE_CONNECTION] })
class QueueConnectionModule {}

/** Injection token for the map from lane to its BullMQ queue. */
export const QUEUES = Symbol('Queues');
export type Queues = Readonly<Record<Lane, Queue>>;

/** The queues, one for each lane. Finished and failed jobs are removed at once: PostgreSQL holds the truth. */
@Global()
@Module({
  imports: [
    QueueConnectionModule,
    BullModule.forRootAsync({
      inject: [QUEUE_CONNECTION],
      useFactory: ({ options }: QueueConnection) => ({
        connection: options,
        prefix: 'cairn',
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
      }),
    }),
    BullModule.registerQueue(...LANES.map((name) => ({ name }))),
  ],
  providers: [
    {
      provide: QUEUES,
      inject: LANES.map((lane) => getQueueToken(lane)),
      useFactory: (...queues: Queue[]): Queues => Object.fromEntries(LANES.map((lane, index) => [lane, queues[index]])) as Queues,
    },
  ],
  exports: [QUEUES, BullModule],
})
export class QueuesModule implements OnApplicationShutdown {
  constructor(
    @Inject(QUEUES) private readonly queues: Queues,
    @Inject(QUEUE_CONNECTION) private readonly connection: QueueConnection,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(LANES.map((lane) => this.queues[lane].close()));
    await this.connection.close();
  }
}
