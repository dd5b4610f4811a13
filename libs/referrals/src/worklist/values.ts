/** Collects the parameters of a statement and says by which number each goes. */
export class Values {
  readonly all: unknown[] = [];

  /** Takes a parameter; returns what stands for it in the statement. */
  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}
