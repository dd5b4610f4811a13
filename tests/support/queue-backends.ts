/** The queue backends that can be tested here: PostgreSQL always, Redis where `npm test` started a server. */
export const queueBackends: { name: string; environment: Record<string, string> }[] = [
  { name: 'PostgreSQL', environment: {} },
  ...(process.env['CAIRN_TEST_REDIS_URL'] ? [{ name: 'Redis', environment: { REDIS_URL: process.env['CAIRN_TEST_REDIS_URL'] } }] : []),
];
