/**
 * What happened, oldest first, bounded. Tests and the demo wait on a feed instead of sleeping.
 */
export class Feed<T> {
  private items: T[] = [];
  private readonly waiting = new Set<(item: T) => void>();

  /** @param limit how many items are kept; older ones are forgotten. */
  constructor(private readonly limit = 1_000) {}

  /** Appends an item and wakes whoever waits for it. */
  add(item: T): void {
    this.items.push(item);
    if (this.items.length > this.limit) this.items.shift();
    for (const offer of [...this.waiting]) offer(item);
  }

  /** All kept items, oldest first: a copy, so that it can be walked while more arrive. */
  all(): T[] {
    return [...this.items];
  }

  /** Forgets what is kept; whoever waits goes on waiting. */
  clear(): void {
    this.items = [];
  }

  /**
   * Returns the first item, kept or still to come, for which the predicate holds.
   * Rejects when none came within `timeoutMs` milliseconds.
   */
  async waitFor(predicate: (item: T) => boolean, timeoutMs = 10_000): Promise<T> {
    const there = this.items.find(predicate);
    if (there !== undefined) return there;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const offer = (item: T) => {
      if (predicate(item)) resolve(item);
    };
    const timer = setTimeout(
      () => reject(new Error(`nothing that was waited for came within ${timeoutMs} ms (${this.items.length} other items are kept)`)),
      timeoutMs,
    );
    this.waiting.add(offer);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(offer);
    }
  }
}
