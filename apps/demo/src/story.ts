/** Told when a step of the journey isn't true. */
export class Untrue extends Error {}

/** Who sees something in the journey. */
export type Party = 'Hospital' | 'Cairn' | 'Coordinator' | 'Clinician' | 'Conference lead' | 'Patient' | 'Operator';

const WIDTH = 16;

/** Tells the journey, step by step, to whoever watches. */
export class Story {
  #step = 0;

  constructor(private readonly write: (line: string) => void) {}

  /** Begins the next step. */
  step(title: string): void {
    this.#step += 1;
    this.write(`\n${this.#step} · ${title}`);
  }

  /** Tells what one party sees. */
  sees(party: Party, what: string): void {
    const [first = '', ...rest] = what.split('\n');
    this.write(`    ${party.padEnd(WIDTH)}${first}`);
    for (const line of rest) this.write(`    ${' '.repeat(WIDTH)}${line}`);
  }
}

/** Ends the journey with {@link Untrue} unless the condition holds. */
export function must(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Untrue(`it is not true that ${sentence}`);
}

/** A story that nobody watches; for tests. */
export const silentStory = (): Story => new Story(() => undefined);
