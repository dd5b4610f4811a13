/** Longest wait between two tries, in seconds. */
const CEILING = 6 * 60 * 60;

/** Seconds to wait before try number `attempts + 1`: doubling from one second up to six hours, with up to a quarter of jitter. */
export function backoffSeconds(attempts: number, random: () => number = Math.random): number {
  const base = Math.min(2 ** Math.min(attempts, 20), CEILING);
  return base * (1 + random() / 4);
}
