import { unavailable, type CairnError } from '@cairn/kernel';

/** Who takes a seat. */
export interface Sitter {
  readonly clinicId: string;
  readonly personId: string;
}

/** How many streams may be open at once: in all, of one clinic, of one person. */
export interface SeatRules {
  readonly all: number;
  readonly ofClinic: number;
  readonly ofPerson: number;
}

const RETRY_SECONDS = 5;

const tooMany = (code: string, message: string, status?: number): CairnError => unavailable(message, { code, retryAfter: RETRY_SECONDS, ...(status ? { status } : {}) });

/** Counts open streams, so that neither a person's forgotten windows nor one clinic take all there are. */
export class StreamSeats {
  readonly #taken = new Map<string, number>();

  constructor(private readonly rules: SeatRules) {}

  /** Takes a seat; what it returns gives it back, once. Refuses with `unavailable` where all are taken, and with 429 where the clinic or the person has as many as they may. */
  take({ clinicId, personId }: Sitter): () => void {
    const [all, clinic, person] = ['', clinicId, `${clinicId} ${personId}`];
    if (this.#count(all) >= this.rules.all) throw tooMany('stream.server-full', 'There are too many live worklists on this server. Try again soon.');
    if (this.#count(clinic) >= this.rules.ofClinic) throw tooMany('stream.clinic-full', `This clinic has ${this.rules.ofClinic} live worklists open, which is the most. Close one, or read the list from time to time.`, 429);
    if (this.#count(person) >= this.rules.ofPerson) throw tooMany('stream.person-full', `You have ${this.rules.ofPerson} live worklists open, which is the most. Close one first.`, 429);
    const keys = [all, clinic, person];
    for (const key of keys) this.#taken.set(key, this.#count(key) + 1);
    return () => {
      for (const key of keys.splice(0)) {
        const left = this.#count(key) - 1;
        if (left > 0) this.#taken.set(key, left);
        else this.#taken.delete(key);
      }
    };
  }

  #count(key: string): number {
    return this.#taken.get(key) ?? 0;
  }
}
