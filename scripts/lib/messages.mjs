/**
 * What the scripts say to the person at the terminal: plain sentences, and for every difficulty what to do about it.
 */

/** @type {NodeJS.WritableStream} */
let out = process.stdout;

/** Sends everything that `say` prints to standard error, for commands whose standard output is their answer. */
export function sayOnStandardError() {
  out = process.stderr;
}

/** @param {string} [text] one line, or several */
export function say(text = '') {
  out.write(`${text}\n`);
}

/** A reader that goes away (a closed terminal, a dead npm) must not stop us from stopping cleanly. */
export function outliveClosedOutput() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Something went wrong that the reader can mend: `message` says what, `mend` says how. */
export class Trouble extends Error {
  /**
   * @param {string} message
   * @param {string} mend
   * @param {{ cause?: unknown, details?: string }} [more] `details` are lines to show as they are, such as a log's end
   */
  constructor(message, mend, more = {}) {
    super(message, { cause: more.cause });
    this.mend = mend;
    this.details = more.details;
  }
}

/** Work was given up because someone asked us to stop. Not an error: it ends the start silently. */
export class Stopped extends Error {
  constructor() {
    super('asked to stop');
  }
}

/** What PostgreSQL calls a full disk (Appendix A: class 53, insufficient resources). */
const PG_DISK_FULL = '53100';

/**
 * Says what a failed system call, or a statement that PostgreSQL could not carry out, means and what to do about it.
 *
 * @param {unknown} error
 * @param {string} path the file or folder that was being worked on
 * @returns {unknown} a `Trouble` where the reason is one of those a person meets, else the error itself
 */
export function explainSystemError(error, path) {
  if (error instanceof Trouble) return error;
  const { code } = /** @type {{ code?: string }} */ (error ?? {});
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case PG_DISK_FULL:
      return diskFull(path, error);
    case 'EACCES':
    case 'EPERM':
      return new Trouble(
        `Cairn may not write to ${path}.`,
        'Give this user the right to it (chown), start as the user who owns it, or name another data folder: CAIRN_DATA_DIR=/some/folder npm start',
        { cause: error },
      );
    case 'EROFS':
      return new Trouble(
        `${path} is on a read-only disk.`,
        'Name a data folder on a disk that can be written: CAIRN_DATA_DIR=/some/folder npm start',
        { cause: error },
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new Trouble(
        `${path} should be a folder, and something else stands there.`,
        'Move it away, or name another data folder: CAIRN_DATA_DIR=/some/folder npm start',
        { cause: error },
      );
    default:
      return error;
  }
}

/** Whether what a program said tells of a disk, or of a user's share of it, that is full. */
export const tellsOfFullDisk = (/** @type {string} */ output) => /No space left on device|Disk quota exceeded/.test(output);

/**
 * @param {string} path
 * @param {unknown} [cause]
 * @param {string} [details]
 */
export function diskFull(path, cause, details) {
  return new Trouble(
    `The disk that holds ${path} is full.`,
    'Free some space (Cairn wants 500 MB to begin with) or name a data folder on another disk: CAIRN_DATA_DIR=/some/folder npm start',
    { cause, details },
  );
}

/**
 * Prints an error the way its reader needs it: a `Trouble` as two sentences, anything else with its stack.
 *
 * @param {unknown} error
 */
export function complain(error) {
  if (error instanceof Trouble) {
    const details = error.details?.trim().split('\n').slice(-12).join('\n');
    const quoted = details ? `\n${details.replace(/^/gm, '  | ')}` : '';
    process.stderr.write(`\n${error.message}${quoted}\n${error.mend}\n`);
  } else {
    process.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
