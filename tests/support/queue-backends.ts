import { describe } from '@jest/globals';

const redisUrl = process.env['CAIRN_TEST_REDIS_URL'];

/**
 * A suite run once on each queue backend: PostgreSQL always, Redis where `npm test` started a server. Where there is none, the Redis
 * run counts as skipped, and `npm test` says so at its end.
 */
export function describeOnEachQueue(title: string, suite: (environment: Record<string, string>) => void): void {
  describe(`${title}, queues on PostgreSQL`, () => suite({}));
  if (redisUrl) describe(`${title}, queues on Redis`, () => suite({ REDIS_URL: redisUrl }));
  else describe.skip(`${title}, queues on Redis [needs redis-server]`, () => suite({}));
}
