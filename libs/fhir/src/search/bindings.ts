/** The values of a statement, gathered while its text is written. Nothing that a caller sent ever stands in the text itself. */
export class Bindings {
  readonly values: unknown[] = [];

  /** Adds a value and returns how the text refers to it. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
