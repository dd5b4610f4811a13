import { describe, expect, it } from '@jest/globals';
import { unavailable } from '@cairn/kernel';
import { OutsideFailure } from '@cairn/platform';
import { TokenRefused } from '../outside/smart-tokens.js';
import answers from './answers.json' with { type: 'json' };
import problems from './problems.json' with { type: 'json' };
import { judge, judgeFailure } from './verdict.js';

describe('what an EHR answered', () => {
  it.each([
    [200, 'update', 'taken'],
    [201, 'create', 'taken'],
    [302, 'update', 'postpone'],
    [401, 'update', 'postpone'],
    [403, 'create', 'give-up'],
    [404, 'create', 'form-refused'],
    [404, 'update', 'give-up'],
    [405, 'update', 'form-refused'],
    [409, 'create', 'fail'],
    [412, 'create', 'give-up'],
    [412, 'update', 'stale'],
    [422, 'create', 'give-up'],
    [429, 'create', 'postpone'],
    [500, 'create', 'fail'],
    [503, 'update', 'postpone'],
    [507, 'update', 'fail'],
  ] as const)('%i on %s: %s', (status, interaction, kind) => expect(judge(status, interaction).kind).toBe(kind));

  it('has a row for every status, and a sentence for every problem', () => {
    for (let status = 100; status < 600; status++) {
      const verdict = judge(status, 'update');
      if (status < 200 || status >= 300) expect(problems).toHaveProperty('problem' in verdict ? verdict.problem : '');
      else expect(verdict.kind).toBe('taken');
    }
    for (const { problem } of answers.rows) if (problem) expect(problems).toHaveProperty(problem);
  });

  it('counts an outage against the connection, a refusal against the delivery', () => {
    expect(judge(503, 'create')).toMatchObject({ ehrAtFault: true });
    expect(judge(422, 'create')).toMatchObject({ ehrAtFault: false });
  });
});

describe('no answer', () => {
  it('is tried again where the EHR or its token endpoint is at fault', () => {
    expect(judgeFailure(new OutsideFailure('time-out', 'late'))).toEqual({ kind: 'postpone', problem: 'time-out', ehrAtFault: true });
    expect(judgeFailure(new TokenRefused(401, 'invalid_client'))).toEqual({ kind: 'postpone', problem: 'no-token', ehrAtFault: true });
    expect(judgeFailure(unavailable('no endpoint', { code: 'no-token-endpoint' }))).toMatchObject({ problem: 'no-token' });
    expect(judgeFailure(unavailable('busy'))).toMatchObject({ kind: 'postpone', problem: 'busy' });
  });

  it('is Cairn’s own failure otherwise', () => expect(judgeFailure(new TypeError('oops'))).toEqual({ kind: 'fail', problem: 'internal', ehrAtFault: false }));
});
