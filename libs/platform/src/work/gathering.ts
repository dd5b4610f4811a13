import { setImmediate as turn } from 'node:timers/promises';
import { unavailable } from '@cairn/kernel';

/** How things are gathered. */
export interface GatheringRules {
  /** Things that go together, at most. */
  readonly most: number;
  /** Groups of one key that are under way at a time. */
  readonly atOnce: number;
  /** Things of one key that may wait for those. */
  readonly maxWaiting: number;
  /** What is said to those who come when as many wait. */
  readonly busy: string;
  /** Whether, after a group failed so, each of it is to be done again alone. */
  readonly apart?: (error: unknown) => boolean;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
}

interface Line<Item, Answer> {
  readonly waiting: Waiting<Item, Answer>[];
  /** Groups that are under way or about to begin. */
  groups: number;
  /** Things in the groups under way. */
  underWay: number;
}

/**
 * Does together what comes at the same time. A group begins at the end of a turn of the event loop, with all that came in it. While others of its key are under
 * way it waits until it is a fair share of all, or until they end: otherwise the first that comes after a group has ended would go alone, and the next groups be
 * the smaller for it. There is no timer: what comes alone begins at once, and the busier it is the larger the groups become.
 */
export class Gathering<Item, Answer> {
  readonly #lines = new Map<string, Line<Item, Answer>>();

  /** @param work does a group and returns what came of each, in their order */
  constructor(
    private readonly rules: GatheringRules,
    private readonly work: (items: readonly Item[]) => Promise<readonly Answer[]>,
  ) {}

  /** Resolves with what came of the item. Rejects with what its group failed of, and with 503 when too many wait. */
  add(key: string, item: Item): Promise<Answer> {
    const { atOnce, maxWaiting, busy } = this.rules;
    const line = this.#lines.get(key) ?? { waiting: [], groups: 0, underWay: 0 };
    if (line.waiting.length >= maxWaiting) return Promise.reject(unavailable(busy, { code: 'busy', retryAfter: 2 }));
    this.#lines.set(key, line);
    return new Promise((answered, failed) => {
      line.waiting.push({ item, answered, failed });
      if (line.groups < atOnce) void this.#drain(key, line);
    });
  }

  async #drain(key: string, line: Line<Item, Answer>): Promise<void> {
    line.groups++;
    for (await turn(); this.#mayBegin(line); await turn()) {
      const group = line.waiting.splice(0, this.rules.most);
      line.underWay += group.length;
      await this.#together(group);
      line.underWay -= group.length;
    }
    line.groups--;
    if (line.groups === 0) this.#lines.delete(key);
  }

  #mayBegin({ waiting, underWay }: Line<Item, Answer>): boolean {
    const fairShare = (waiting.length + underWay) / this.rules.atOnce;
    return waiting.length > 0 && (underWay === 0 || waiting.length >= Math.min(fairShare, this.rules.most));
  }

  async #together(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.work(group.map(({ item }) => item));
      for (const [index, { answered }] of group.entries()) answered(answers[index] as Answer);
    } catch (error) {
      if (group.length > 1 && this.rules.apart?.(error)) await Promise.all(group.map((each) => this.#together([each])));
      else for (const { failed } of group) failed(error);
    }
  }
}
