import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from '@jest/globals';

/**
 * A suite on third-party test data, which is no part of the project: `path` below the folder that `CAIRN_TEST_DATA` names, by default
 * ../shared/data. Where it is absent nothing of the suite is run, not even its body, which may look into the folder; it counts as one skipped
 * test, and `npm test` says so at its end.
 */
export function describeWithTestData(path: string, title: string, suite: (folder: string) => void): void {
  const folder = resolve(process.env['CAIRN_TEST_DATA'] ?? '../shared/data', path);
  if (existsSync(folder)) describe(title, () => suite(folder));
  else describe(title, () => it.skip(`needs the test data ${path}`, () => undefined));
}
