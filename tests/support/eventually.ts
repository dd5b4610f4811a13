import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until `look` returns something other than undefined, null or false, and returns it. Looks again every few milliseconds, so a test never sleeps longer than it
 * must; fails with `what` after the time limit.
 */
export async function eventually<T>(what: string, look: () => Promise<T> | T, limitMs = 15_000): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await pause(25);
  }
  throw new Error(`Did not happen within ${limitMs} ms: ${what}`, { cause: last });
}
