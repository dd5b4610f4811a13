/** Where the time comes from. Injected, so that tests and demo mode can move it. */
export interface Clock {
  /** The present instant. */
  now(): Date;
}

/** The machine's own time. Used for what must not be moved by a demo: tokens, `jti`, queue back-off. */
export class RealClock implements Clock {
  now(): Date {
    return new Date();
  }
}

/** A clock that stands still until told to move. For tests. */
export class FixedClock implements Clock {
  #now: Date;

  constructor(now: Date | string) {
    this.#now = new Date(now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}
