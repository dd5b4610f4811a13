import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';
import { exists } from './files.mjs';
import { complain, outliveClosedOutput, say, Stopped, Trouble } from './messages.mjs';
import { inProject } from './paths.mjs';
import { stopRequests } from './signals.mjs';

const packagedNode = inProject('node_modules/.bin/node');
const oldestNode = [22, 18];

/**
 * The beginning of every script: installs what is missing, makes sure of a Node that can run Cairn, then runs `script`.
 * A script returns its exit code (nothing: 0); errors are told to the user and end it with 1.
 *
 * @param {string} entry the script's `import.meta.url`, run again under the packaged Node where need be
 * @param {() => Promise<number | void>} script
 */
export async function main(entry, script) {
  outliveClosedOutput();
  const relaunched = process.env.CAIRN_RELAUNCHED === '1';
  delete process.env.CAIRN_RELAUNCHED;
  try {
    const installed = await install();
    const code = (installed || !isNewEnough()) && !relaunched ? await relaunch(entry) : await script();
    process.exitCode = code ?? 0;
  } catch (error) {
    if (error instanceof Stopped) {
      say('Stopped.');
    } else {
      complain(error);
      process.exitCode = 1;
    }
  } finally {
    // An open channel to the process that started this one would keep it from ending.
    if (process.connected) process.disconnect();
  }
}

function isNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * Runs the same script again under the Node that came with the packages. Signals are passed on, and the new process
 * notices by its IPC channel when this one is gone.
 *
 * @param {string} entry
 * @returns {Promise<number>} its exit code
 */
async function relaunch(entry) {
  const node = (await exists(packagedNode)) ? packagedNode : process.execPath;
  if (node === process.execPath && !isNewEnough()) {
    throw new Trouble(
      `Cairn needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}, and no packaged Node exists for ${process.platform} ${process.arch}.`,
      'Install Node 24 (https://nodejs.org) and start again.',
    );
  }
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, CAIRN_RELAUNCHED: '1' },
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  stopRequests().stopping.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
