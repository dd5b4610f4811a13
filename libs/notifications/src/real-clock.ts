/** Injection token for the clock of leases, pauses and signatures: real time, which no demo moves. */
export const REAL_CLOCK = Symbol('RealClock');
