import { setTimeout as pause } from 'node:timers/promises';
import { Untrue } from './story.js';

const LOOK_AGAIN_MS = 100;

/** Looks until something is there, and returns it. Ends the journey when it isn't there in time. */
export async function eventually<T>(sentence: string, look: () => Promise<T | undefined | null | false>, limitMs = 60_000): Promise<T> {
  const end = performance.now() + limitMs;
  let trouble: unknown;
  while (performance.now() < end) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      trouble = error;
    }
    await pause(LOOK_AGAIN_MS);
  }
  const last = trouble instanceof Untrue ? ` (${trouble.message})` : '';
  throw new Untrue(`within ${limitMs / 1000} s it did not become true that ${sentence}${last}`, { cause: trouble });
}
