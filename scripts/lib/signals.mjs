import { setMaxListeners } from 'node:events';
import { Stopped } from './messages.mjs';

/** @type {{ stopping: AbortSignal, impatient: AbortSignal } | undefined} */
let requests;

/**
 * Listens for everything that asks this process to stop: Ctrl-C, SIGTERM, a closed terminal, and the end of the process
 * that started it (its IPC channel closes, or it was npm). The first one counts; repetitions within a few seconds are the same request
 * arriving by several ways (npm passes on what the terminal already sent). A later one means "at once".
 *
 * @returns {{ stopping: AbortSignal, impatient: AbortSignal }} the same for every caller
 */
export function stopRequests() {
  requests ??= listen();
  return requests;
}

function listen() {
  const stop = new AbortController();
  const hurry = new AbortController();
  let askedAt = 0;
  const ask = () => {
    if (!stop.signal.aborted) {
      askedAt = performance.now();
      stop.abort(new Stopped());
    } else if (performance.now() - askedAt > 3000) {
      hurry.abort(new Stopped());
    }
  };
  // Every process we supervise listens, and listens again each time it is started.
  setMaxListeners(0, stop.signal, hurry.signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, ask);
  process.on('disconnect', ask);
  if (process.env.npm_lifecycle_event) watchParent(ask);
  return { stopping: stop.signal, impatient: hurry.signal };
}

/**
 * npm that is killed outright tells nobody; its scripts notice by having another parent.
 *
 * @param {() => void} ask
 */
function watchParent(ask) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ask();
  }, 500);
  timer.unref();
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>} settles once asked to stop
 */
export function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
