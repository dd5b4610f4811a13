import policy from '../delivery/delivery-policy.json' with { type: 'json' };

/** Whether a connection is tried at all: `closed` lets calls through, `open` waits, `half-open` lets one through to see. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** The circuit breaker of a connection, as it stands in its row, so that every process sees the same. */
export interface Circuit {
  readonly state: CircuitState;
  /** Failures in a row for which the EHR, not the content, was at fault. */
  readonly failures: number;
  /** Until when nobody calls; while half-open, until when the one call may last. */
  readonly until: Date | null;
}

const CLOSED: Circuit = { state: 'closed', failures: 0, until: null };

const later = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

/**
 * The circuit after somebody asked to call, or undefined when nobody may call now. The first to ask after an open circuit's wait becomes
 * the one that tries; should it never report back, the next may try once its time is over.
 */
export function permit(circuit: Circuit, now: Date): Circuit | undefined {
  if (circuit.state === 'closed') return circuit;
  if (circuit.until && circuit.until > now) return undefined;
  return { ...circuit, state: 'half-open', until: later(now, policy.circuit.probeSeconds) };
}

export const afterSuccess = (): Circuit => CLOSED;

/**
 * The circuit after a failure of the EHR. It opens at the policy's number of failures in a row, at once when a trial call fails, and at once
 * when the EHR names a time to come back (`retryAfter`, seconds), which is honoured. Its own wait doubles up to the policy's longest.
 */
export function afterFailure(circuit: Circuit, now: Date, retryAfter: number, random: () => number = Math.random): Circuit {
  const failures = circuit.failures + 1;
  const beyond = failures - policy.circuit.opensAfterFailures;
  const tired = beyond >= 0 || circuit.state !== 'closed';
  if (!tired && retryAfter <= 0) return { state: 'closed', failures, until: null };
  const doubled = Math.min(policy.circuit.firstWaitSeconds * 2 ** Math.max(0, Math.min(beyond, 20)), policy.circuit.longestWaitSeconds);
  const own = tired ? doubled * (1 + random() / 4) : 0;
  return { state: 'open', failures, until: later(now, Math.max(own, Math.min(retryAfter, policy.longestRetryAfterSeconds))) };
}
