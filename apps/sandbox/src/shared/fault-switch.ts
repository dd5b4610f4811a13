/** A fault holds until it is cleared, or for the next `times` calls only. */
export interface Fault {
  mode: string;
  times?: number | undefined;
}

/** Lets a test or a person break one service on purpose, and mend it again. */
export class FaultSwitch<F extends Fault> {
  private fault: F | undefined;
  private lifted = Promise.withResolvers<void>();

  /** The fault in force, if any. */
  get current(): F | undefined {
    return this.fault;
  }

  /** Puts a fault in force, in place of the one before. */
  set(fault: F): void {
    this.release();
    this.fault = { ...fault };
  }

  /** Ends the fault; answers that were held back are given now. */
  clear(): void {
    this.release();
    this.fault = undefined;
  }

  /** Returns the fault that the next call meets, and counts that call. */
  take(): F | undefined {
    const fault = this.fault;
    if (fault?.times !== undefined) {
      this.fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined;
    }
    return fault;
  }

  /** Resolves when the fault is changed or cleared by hand. */
  untilLifted(): Promise<void> {
    return this.lifted.promise;
  }

  private release(): void {
    this.lifted.resolve();
    this.lifted = Promise.withResolvers<void>();
  }
}
