import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { CONFERENCE_EVENTS, CONFERENCE_STATES, conferenceWorkflow as machine, type ConferenceEvent, type ConferenceFacts, type ConferenceState } from './conference.workflow.js';

const settled: ConferenceFacts = { items: 2, open: 0, decided: 1, quorate: true, urgent: true };

/** The state that each event leads to when every guard agrees; what stands nowhere here is refused. */
const legal: Record<ConferenceState, Partial<Record<ConferenceEvent, ConferenceState>>> = {
  planned: { 'add-item': 'planned', lock: 'agenda-locked', cancel: 'cancelled' },
  'agenda-locked': { 'add-item': 'agenda-locked', open: 'in-session', cancel: 'cancelled' },
  'in-session': { 'add-item': 'in-session', 'record-attendance': 'in-session', decide: 'in-session', draft: 'draft-minutes' },
  'draft-minutes': { 'record-attendance': 'draft-minutes', decide: 'draft-minutes', sign: 'signed' },
  signed: { amend: 'amended' },
  amended: { amend: 'amended' },
  cancelled: {},
};

const ruleOf = (state: ConferenceState, event: ConferenceEvent, facts: Partial<ConferenceFacts>): string => {
  const decision = decide(machine, state, event, { ...settled, ...facts });
  return decision.ok ? decision.to : decision.refusal.rule;
};

describe('the conference workflow', () => {
  it('is sound', () => expect(findDefects(machine)).toEqual([]));

  describe.each(CONFERENCE_STATES)('%s', (state) => {
    it.each(CONFERENCE_EVENTS)('%s', (event) => {
      expect(ruleOf(state, event, {})).toBe(legal[state][event] ?? 'conference.no-transition');
    });
  });

  it('locks no empty agenda', () => expect(ruleOf('planned', 'lock', { items: 0 })).toBe('conference.empty-agenda'));

  it('takes an item that is not urgent before the lock only', () => {
    expect(ruleOf('planned', 'add-item', { urgent: false })).toBe('planned');
    expect(ruleOf('agenda-locked', 'add-item', { urgent: false })).toBe('conference.agenda-locked');
    expect(ruleOf('in-session', 'add-item', { urgent: false })).toBe('conference.agenda-locked');
  });

  it('drafts and signs no minutes while an item has no outcome', () => {
    expect(ruleOf('in-session', 'draft', { open: 1 })).toBe('conference.open-items');
    expect(ruleOf('draft-minutes', 'sign', { open: 1 })).toBe('conference.open-items');
  });

  it('signs no decisions without a quorum, but a meeting that decided nothing', () => {
    expect(ruleOf('draft-minutes', 'sign', { quorate: false })).toBe('conference.no-quorum');
    expect(ruleOf('draft-minutes', 'sign', { quorate: false, decided: 0 })).toBe('signed');
  });
});
