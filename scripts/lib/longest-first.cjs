// CommonJS, because that is what the package's types describe.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Where tests wait for leases to run out and for processes to start again: minutes, whatever the machine. */
const SLOW = /[\\/]tests[\\/](faults|journeys)[\\/]|[\\/]notifications-kill\.spec\.ts$/;

/** Begins with what takes longest, so that no worker is left alone with it at the end. */
module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const slow = await super.sort(tests.filter(({ path }) => SLOW.test(path)));
    return [...slow, ...(await super.sort(tests.filter(({ path }) => !SLOW.test(path))))];
  }
};
