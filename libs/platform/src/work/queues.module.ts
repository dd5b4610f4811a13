import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Global, Module } from '@nestjs/common';
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

const connect = (config: Config): ConnectionOptions => {
  if (config.REDIS_URL) return new Redis(config.REDIS_URL, { maxRetriesPerRequest: null }) as ConnectionOptions;
  const pool = new pg.Pool({ connectionString: config.DATABASE_URL, options: '-c search_path=bullmq', keepAlive: true, max: 8, application_name: 'cairn-queue' });
  pool.on('error', () => undefined); // BullMQ reconnects; the readiness check reports an outage.
  return pool as never;
};

/** Injection token for the map from lane to its BullMQ queue. */
export const QUEUES = Symbol('Queues');
export type Queues = Readonly<Record<Lane, Queue>>;

/** The queues, one for each lane. Finished and failed jobs are removed at once: PostgreSQL holds the truth. */
@Global()
@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [CONFIG],
      useFactory: (config: Config) => ({
        connection: connect(config),
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
export class QueuesModule {}
