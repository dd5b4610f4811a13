import type { Queryable } from '@cairn/platform';

/** As many numbers as the sequence `fhir_seq` moves on by each time. */
const BLOCK = 100;

/** Hands out the numbers of resources, a block at a time, so that most writes need no extra statement. */
export class ResourceNumbers {
  #next = 0;
  #end = 0;

  /** The next `count` numbers. Numbers of a transaction that is rolled back stay unused. */
  async take(database: Queryable, count: number): Promise<number[]> {
    const numbers: number[] = [];
    while (numbers.length < count) {
      if (this.#next === this.#end) {
        const [row] = await database.query<{ start: string }>({ name: 'fhir-seq', text: `select nextval('fhir_seq') as start` });
        // Another call may have fetched a block meanwhile; what is left of it stays unused.
        this.#next = Number(row?.start);
        this.#end = this.#next + BLOCK;
      }
      numbers.push(this.#next++);
    }
    return numbers;
  }
}
