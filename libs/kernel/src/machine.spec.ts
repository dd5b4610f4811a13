import { describe, expect, it } from '@jest/globals';
import { availableEvents, decide, findDefects, nextState, type Machine } from './machine.js';

type State = 'open' | 'held' | 'shut';
type Event = 'hold' | 'release' | 'shut';

const door: Machine<State, Event, { key: boolean }> = {
  name: 'door',
  initial: 'open',
  states: ['open', 'held', 'shut'],
  events: ['hold', 'release', 'shut'],
  terminal: ['shut'],
  transitions: [
    { from: 'open', event: 'hold', to: 'held' },
    { from: 'held', event: 'release', to: 'open' },
    {
      from: ['open', 'held'],
      event: 'shut',
      to: 'shut',
      guard: ({ key }) => (key ? undefined : { rule: 'door.key', message: 'A key is needed.' }),
    },
  ],
};

describe('a workflow as a table', () => {
  it('names the next state, or the rule that refuses', () => {
    expect(decide(door, 'open', 'hold', { key: false })).toEqual({ ok: true, to: 'held' });
    expect(decide(door, 'open', 'shut', { key: false })).toEqual({ ok: false, refusal: { rule: 'door.key', message: 'A key is needed.' } });
    expect(decide(door, 'shut', 'hold', { key: true })).toMatchObject({ ok: false, refusal: { rule: 'door.no-transition' } });
    expect(() => nextState(door, 'shut', 'hold', { key: true })).toThrow(expect.objectContaining({ kind: 'conflict', code: 'door.no-transition' }));
  });

  it('lists what may be done now', () => {
    expect(availableEvents(door, 'open', { key: false })).toEqual(['hold']);
    expect(availableEvents(door, 'open', { key: true })).toEqual(['hold', 'shut']);
  });

  it('finds the defects of a table', () => {
    expect(findDefects(door)).toEqual([]);
    expect(findDefects({ ...door, transitions: door.transitions.slice(0, 1) })).toEqual([
      "state held can't be left",
      "state shut can't be reached",
      'event release is used nowhere',
      'event shut is used nowhere',
    ]);
  });
});
