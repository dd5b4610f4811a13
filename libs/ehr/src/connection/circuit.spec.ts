import { describe, expect, it } from '@jest/globals';
import policy from '../delivery/delivery-policy.json' with { type: 'json' };
import { afterFailure, afterSuccess, permit, type Circuit } from './circuit.js';

const now = new Date('2026-11-22T10:00:00Z');
const in_ = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const fail = (times: number, from: Circuit = afterSuccess()): Circuit => {
  let circuit = from;
  for (let time = 0; time < times; time++) circuit = afterFailure(circuit, now, 0, () => 0);
  return circuit;
};
const { opensAfterFailures, firstWaitSeconds, longestWaitSeconds, probeSeconds } = policy.circuit;

describe('the circuit of a connection', () => {
  it('stays closed until the EHR failed often enough in a row, then waits', () => {
    expect(fail(opensAfterFailures - 1)).toEqual({ state: 'closed', failures: opensAfterFailures - 1, until: null });
    expect(fail(opensAfterFailures)).toEqual({ state: 'open', failures: opensAfterFailures, until: in_(firstWaitSeconds) });
  });

  it('lets nobody through while open, then one, and nobody besides', () => {
    const open = fail(opensAfterFailures);
    expect(permit(open, in_(firstWaitSeconds - 1))).toBeUndefined();
    const trying = permit(open, in_(firstWaitSeconds));
    expect(trying).toEqual({ ...open, state: 'half-open', until: in_(firstWaitSeconds + probeSeconds) });
    expect(trying && permit(trying, in_(firstWaitSeconds + 1))).toBeUndefined();
  });

  it('lets another try when the one that tried never came back', () => {
    const lost: Circuit = { state: 'half-open', failures: 9, until: now };
    expect(permit(lost, in_(1))?.state).toBe('half-open');
  });

  it('waits longer each time, up to a limit', () => {
    expect(fail(opensAfterFailures + 2).until).toEqual(in_(firstWaitSeconds * 4));
    expect(fail(200).until).toEqual(in_(longestWaitSeconds));
  });

  it('opens at once, and for as long, when the EHR says when to come back', () => {
    expect(afterFailure(afterSuccess(), now, 7, () => 0)).toEqual({ state: 'open', failures: 1, until: in_(7) });
    expect(afterFailure(fail(opensAfterFailures - 1), now, 3600, () => 0).until).toEqual(in_(3600));
    expect(afterFailure(afterSuccess(), now, 10 ** 9, () => 0).until).toEqual(in_(policy.longestRetryAfterSeconds));
  });

  it('closes after one success', () => expect(afterSuccess()).toEqual({ state: 'closed', failures: 0, until: null }));
});
