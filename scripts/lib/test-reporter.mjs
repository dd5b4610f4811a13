import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed a file that could not even be run counts as one
 * @property {{ file: string, name: string }[]} skipped
 */

/**
 * The part of jest's results that is read here.
 *
 * @typedef {object} JestResults
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numRuntimeErrorTestSuites
 * @property {{ testFilePath: string, testResults: { status: string, fullName: string }[] }[]} testResults
 */

/** Leaves jest's counts in the file that `CAIRN_TEST_RESULTS` names, for the closing line of `npm test`. */
export default class TestReporter {
  /**
   * @param {unknown} _contexts
   * @param {JestResults} results
   */
  onRunComplete(_contexts, results) {
    const path = process.env.CAIRN_TEST_RESULTS;
    if (!path) return;
    const skipped = results.testResults.flatMap(({ testFilePath, testResults }) =>
      testResults
        .filter(({ status }) => ['pending', 'todo', 'disabled', 'skipped'].includes(status))
        .map(({ fullName }) => ({ file: relative(process.cwd(), testFilePath), name: fullName })),
    );
    /** @type {Counts} */
    const counts = { passed: results.numPassedTests, failed: results.numFailedTests + results.numRuntimeErrorTestSuites, skipped };
    writeFileSync(path, JSON.stringify(counts));
  }
}
