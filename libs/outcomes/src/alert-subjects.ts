import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';

/** A feature whose findings become safety alerts, and which must itself note that a person took charge. */
export interface AlertSubject {
  /** The word under which it raises alerts. */
  readonly kind: string;
  /** Notes it where the finding stands, and settles the alert with it; both in this transaction. Refuses who may not. */
  acknowledge(tx: Tx, finding: { readonly subjectId: string; readonly rule: string }, note: string): Promise<void>;
}

/** The features that raise alerts of their own. They register when their module starts. */
@Injectable()
export class AlertSubjects {
  readonly #byKind = new Map<string, AlertSubject>();

  /** Refuses a second feature of the same word. */
  register(subject: AlertSubject): void {
    if (this.#byKind.has(subject.kind)) throw new Error(`Two features raise safety alerts about a ${subject.kind}.`);
    this.#byKind.set(subject.kind, subject);
  }

  find(kind: string): AlertSubject | undefined {
    return this.#byKind.get(kind);
  }
}
