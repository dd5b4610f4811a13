import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { prepareDatabase } from './lib/database.mjs';
import { readJson } from './lib/files.mjs';
import { temporaryPlace } from './lib/leave-nothing.mjs';
import { complain, say, Stopped, Trouble } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { inProject, root } from './lib/paths.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { findRedis, startRedis } from './lib/redis.mjs';
import { newSecrets } from './lib/secrets.mjs';
import { aborted, stopRequests } from './lib/signals.mjs';

/** @typedef {import('./lib/test-reporter.mjs').Counts} Counts */

/** @type {Record<string, string>} */
const remedies = { 'redis-server': ' (Debian: apt-get install redis-server)' };

const { stopping } = stopRequests();
const args = process.argv.slice(2);

await main(import.meta.url, async () => {
  /** @type {Counts} */
  let counts = { passed: 0, failed: 1, skipped: [] };
  let code = 1;
  try {
    ({ counts, code } = await runTests());
  } catch (error) {
    if (error instanceof Stopped) say('Stopped before the tests were done.');
    else complain(error);
  }
  reportSkipped(counts);
  say(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`);
  return code;
});

/** Runs jest against a PostgreSQL, and a Redis where there is one, that end with it. */
async function runTests() {
  const redisProgram = await findRedis();
  if (!redisProgram && isTrue(process.env.CI)) {
    throw new Trouble('The queue tests need a redis-server, and none is installed.', 'Install it: apt-get install redis-server');
  }
  const place = await temporaryPlace('test');
  try {
    const secrets = newSecrets();
    const [server, redis] = await Promise.all([
      startPostgres({ dataFolder: place.folder, password: secrets.superuserPassword, throwAway: true }),
      redisProgram ? startRedis(redisProgram, place.folder) : undefined,
      build(),
    ]);
    place.guard(server.pid, 'SIGQUIT');
    if (redis) place.guard(redis.pid, 'SIGKILL');
    if (stopping.aborted) throw new Stopped();
    const urls = await prepareDatabase(server, secrets);
    const results = join(place.folder, 'results.json');
    const code = await runJest(place, {
      CAIRN_TEST_RESULTS: results,
      CAIRN_TEST_SUPERUSER_URL: server.superuserUrl,
      CAIRN_TEST_OWNER_URL: urls.ownerUrl,
      CAIRN_TEST_APP_URL: urls.appUrl,
      CAIRN_TEST_REDIS_URL: redis?.url ?? '',
    });
    if (stopping.aborted) throw new Stopped();
    /** @type {Counts} */
    const counts = (await readJson(results)) ?? { passed: 0, failed: code === 0 ? 0 : 1, skipped: [] };
    return { counts, code: code || (counts.failed > 0 ? 1 : 0) };
  } finally {
    await place.leave();
  }
}

/**
 * @param {import('./lib/leave-nothing.mjs').Place} place
 * @param {Record<string, string>} environment
 * @returns {Promise<number>} jest's exit code
 */
async function runJest(place, environment) {
  // A process group of its own, so that whatever a test left running can be ended with it. Watching needs the terminal.
  const group = !args.some((arg) => arg.startsWith('--watch'));
  const jest = spawn(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', inProject('node_modules/jest/bin/jest.js'), ...args],
    { cwd: root, env: { ...process.env, NODE_ENV: 'test', ...environment }, stdio: 'inherit', detached: group },
  );
  const ended = once(jest, 'exit');
  if (jest.pid) place.guard(jest.pid, 'SIGKILL', { group });
  await Promise.race([ended, aborted(stopping)]);
  if (stopping.aborted) return 1;
  const [code] = await ended;
  return code ?? 1;
}

/**
 * Says loudly what was not run, and for want of what: suites name it in their titles as [needs …].
 *
 * @param {Counts} counts
 */
function reportSkipped({ skipped }) {
  if (skipped.length === 0) return;
  say(`\nNOT RUN: ${skipped.length} tests were skipped.`);
  const needs = Map.groupBy(skipped, ({ name }) => /\[needs ([^\]]+)\]/.exec(name)?.[1] ?? '');
  for (const [need, tests] of needs) {
    say(need === '' ? 'Skipped by themselves:' : `For want of ${need}${remedies[need] ?? ''}:`);
    for (const { file, name } of tests) say(`  ${file}: ${name}`);
  }
}

/** @param {string | undefined} value */
function isTrue(value) {
  return value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());
}
