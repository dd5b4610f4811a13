import { createHash } from 'node:crypto';

/** Draws that are the same for the same seed, on every machine. */
export class Draw {
  private drawn = 0;

  constructor(private readonly seed: number) {}

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    this.drawn += 1;
    const digest = createHash('sha256').update(`${this.seed}/${this.drawn}`).digest();
    return low + (digest.readUInt32BE() % (high - low + 1));
  }

  /** One of the choices, taken out of the list, so that it is not drawn again. */
  take<T>(choices: T[]): T {
    const [taken] = choices.splice(this.between(0, choices.length - 1), 1);
    if (taken === undefined) throw new Error('there is nothing left to draw');
    return taken;
  }
}
