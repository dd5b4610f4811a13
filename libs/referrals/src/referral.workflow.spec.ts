import { describe, expect, it } from '@jest/globals';
import { availableEvents, decide, findDefects } from '@cairn/kernel';
import { REFERRAL_EVENTS, REFERRAL_STATES, referralMachine, type Circumstances, type ReferralEvent, type ReferralState } from './referral.workflow.js';

const clinician: Circumstances = { by: 'clinic', mayTriage: true, isClinician: true, openHardStops: 0, suspectedDuplicates: 1, decision: 'none', told: false, seen: false, settled: false };
const told: Partial<Circumstances> = { told: true };

/** What a clinician of the clinic may do: for each state (and, where it matters, each situation in it) the events that pass and where they lead. All others are refused. */
const EXPECTED: readonly { state: ReferralState; when: string; circumstances: Partial<Circumstances>; passes: Partial<Record<ReferralEvent, ReferralState>> }[] = [
  { state: 'received', when: 'new', circumstances: {}, passes: { 'open-triage': 'in-triage', cancel: 'withdrawn', 'close-duplicate': 'declined', 'enter-in-error': 'entered-in-error' } },
  {
    state: 'in-triage',
    when: 'first time',
    circumstances: {},
    passes: { 'request-information': 'information-requested', accept: 'accepted', decline: 'declined', redirect: 'redirected', cancel: 'withdrawn', 'close-duplicate': 'declined', 'enter-in-error': 'entered-in-error' },
  },
  {
    state: 'in-triage',
    when: 'again, from the waiting list',
    circumstances: told,
    passes: { accept: 'accepted', cancel: 'cancellation-requested', 'close-unseen': 'closed-not-seen', 'close-duplicate': 'closed-not-seen', 'enter-in-error': 'entered-in-error' },
  },
  {
    state: 'information-requested',
    when: 'waiting',
    circumstances: {},
    passes: { 'provide-information': 'in-triage', 'stop-waiting': 'in-triage', cancel: 'withdrawn', 'close-duplicate': 'declined', 'enter-in-error': 'entered-in-error' },
  },
  { state: 'accepted', when: 'undoable', circumstances: { decision: 'undoable' }, passes: { undo: 'in-triage', cancel: 'withdrawn', 'enter-in-error': 'entered-in-error' } },
  { state: 'accepted', when: 'undoable, anew', circumstances: { decision: 'undoable', ...told }, passes: { undo: 'in-triage', cancel: 'cancellation-requested', 'enter-in-error': 'entered-in-error' } },
  { state: 'accepted', when: 'lapsed', circumstances: { decision: 'lapsed' }, passes: { cancel: 'withdrawn', 'enter-in-error': 'entered-in-error' } },
  {
    state: 'accepted',
    when: 'in force',
    circumstances: told,
    passes: {
      correct: 'accepted', waitlist: 'waitlisted', book: 'booked', 'begin-care': 'in-care', cancel: 'cancellation-requested', close: 'closed', 'close-unseen': 'closed-not-seen', 'close-duplicate': 'closed-not-seen', 'enter-in-error': 'entered-in-error',
    },
  },
  {
    state: 'waitlisted',
    when: 'waiting',
    circumstances: told,
    passes: {
      'open-triage': 'in-triage', 'hear-from-patient': 'waitlisted', correct: 'waitlisted', book: 'booked', 'begin-care': 'in-care', cancel: 'cancellation-requested', close: 'closed', 'close-unseen': 'closed-not-seen', 'close-duplicate': 'closed-not-seen', 'enter-in-error': 'entered-in-error',
    },
  },
  {
    state: 'booked',
    when: 'before the visit',
    circumstances: told,
    passes: {
      correct: 'booked', attend: 'in-care', miss: 'to-rebook', 'cancel-appointment': 'to-rebook', 'begin-care': 'in-care', cancel: 'cancellation-requested', close: 'closed', 'close-unseen': 'closed-not-seen', 'close-duplicate': 'closed-not-seen', 'enter-in-error': 'entered-in-error',
    },
  },
  {
    state: 'to-rebook',
    when: 'after a no-show',
    circumstances: told,
    passes: { correct: 'to-rebook', book: 'booked', hold: 'on-hold', cancel: 'cancellation-requested', 'close-unseen': 'closed-not-seen', 'close-duplicate': 'closed-not-seen', 'enter-in-error': 'entered-in-error' },
  },
  {
    state: 'in-care',
    when: 'seen',
    circumstances: { ...told, seen: true },
    passes: { correct: 'in-care', hold: 'on-hold', cancel: 'cancellation-requested', close: 'closed', 'enter-in-error': 'entered-in-error' },
  },
  { state: 'on-hold', when: 'seen', circumstances: { ...told, seen: true }, passes: { correct: 'on-hold', resume: 'in-care', cancel: 'cancellation-requested', 'enter-in-error': 'entered-in-error' } },
  { state: 'on-hold', when: 'not seen', circumstances: told, passes: { correct: 'on-hold', resume: 'to-rebook', cancel: 'cancellation-requested', 'enter-in-error': 'entered-in-error' } },
  { state: 'redirected', when: 'undoable', circumstances: { decision: 'undoable' }, passes: { undo: 'in-triage', cancel: 'withdrawn', 'enter-in-error': 'entered-in-error' } },
  { state: 'redirected', when: 'in force', circumstances: {}, passes: { 'confirm-redirection': 'redirected', cancel: 'redirected', 'enter-in-error': 'entered-in-error' } },
  { state: 'redirected', when: 'settled', circumstances: { settled: true }, passes: { 'enter-in-error': 'entered-in-error' } },
  { state: 'declined', when: 'undoable', circumstances: { decision: 'undoable' }, passes: { undo: 'in-triage', cancel: 'withdrawn', 'enter-in-error': 'entered-in-error' } },
  { state: 'declined', when: 'in force', circumstances: { settled: true }, passes: { 'enter-in-error': 'entered-in-error' } },
  { state: 'cancellation-requested', when: 'pending', circumstances: { ...told, seen: true }, passes: { 'confirm-withdrawal': 'withdrawn', close: 'closed', 'enter-in-error': 'entered-in-error' } },
  { state: 'withdrawn', when: 'over', circumstances: { settled: true }, passes: { 'enter-in-error': 'entered-in-error' } },
  { state: 'closed', when: 'over', circumstances: { ...told, settled: true }, passes: { 'enter-in-error': 'entered-in-error' } },
  { state: 'closed-not-seen', when: 'over', circumstances: { ...told, settled: true }, passes: { 'enter-in-error': 'entered-in-error' } },
  { state: 'entered-in-error', when: 'over', circumstances: { settled: true }, passes: {} },
];

describe('the referral workflow', () => {
  it('has no state that cannot be reached or left, and no event without use', () => {
    expect(findDefects(referralMachine)).toEqual([]);
  });

  it('has an expectation for every state', () => {
    expect(new Set(EXPECTED.map((row) => row.state))).toEqual(new Set(REFERRAL_STATES));
  });

  describe.each(EXPECTED)('$state ($when), for a clinician', ({ state, circumstances, passes }) => {
    it.each(REFERRAL_EVENTS)('%s', (event) => {
      const decision = decide(referralMachine, state, event, { ...clinician, ...circumstances });
      const to = passes[event];
      if (to) expect(decision).toEqual({ ok: true, to });
      else expect(decision).toEqual({ ok: false, refusal: { rule: expect.stringMatching(/^referral\./), message: expect.any(String) } });
    });
  });

  it('lets the referrer answer a question, cancel and mark an error, and nothing else', () => {
    for (const { state, circumstances, passes } of EXPECTED) {
      const may = availableEvents(referralMachine, state, { ...clinician, ...circumstances, by: 'requester' });
      expect([state, may]).toEqual([state, REFERRAL_EVENTS.filter((event) => ['provide-information', 'cancel', 'enter-in-error'].includes(event) && passes[event])]);
    }
  });

  it('lets Cairn itself put a lapsed decision into effect or take one back, return what stays incomplete, triage again who says it is worse, begin care and close, and nothing else', () => {
    for (const { state, circumstances, passes } of EXPECTED) {
      const may = availableEvents(referralMachine, state, { ...clinician, ...circumstances, by: 'cairn' });
      const decided = { undoable: ['undo'], lapsed: ['undo', 'take-effect'], none: [] }[circumstances.decision ?? 'none'];
      const expected = REFERRAL_EVENTS.filter((event) => ['begin-care', 'close'].includes(event) && passes[event]);
      expect([state, may]).toEqual([state, REFERRAL_EVENTS.filter((event) => [...decided, ...expected, ...(state === 'information-requested' ? ['return-incomplete'] : []), ...(state === 'waitlisted' ? ['open-triage', 'hear-from-patient'] : [])].includes(event))]);
    }
  });

  it('refuses people without the right, and lets only a clinician stop waiting for information', () => {
    for (const { state, circumstances } of EXPECTED) {
      expect(availableEvents(referralMachine, state, { ...clinician, ...circumstances, mayTriage: false, isClinician: false })).toEqual([]);
    }
    expect(decide(referralMachine, 'information-requested', 'stop-waiting', { ...clinician, isClinician: false })).toMatchObject({ refusal: { rule: 'referral.clinician-decides' } });
  });

  it('ends nothing as a duplicate where none is suspected', () => {
    for (const { state, circumstances } of EXPECTED) expect(availableEvents(referralMachine, state, { ...clinician, ...circumstances, suspectedDuplicates: 0 })).not.toContain('close-duplicate');
  });

  it.each(['accept', 'decline', 'redirect'] as const)('lets nobody %s around an unacknowledged hard stop', (event) => {
    expect(decide(referralMachine, 'in-triage', event, { ...clinician, openHardStops: 1 })).toMatchObject({ refusal: { rule: 'referral.red-flag-unacknowledged' } });
  });

  it('lets the clinic do nothing past an unacknowledged hard stop but look, ask, undo, and see the patient', () => {
    const open: readonly ReferralEvent[] = ['open-triage', 'request-information', 'provide-information', 'stop-waiting', 'undo', 'hear-from-patient', 'attend', 'miss', 'cancel-appointment', 'begin-care', 'resume'];
    for (const { state, circumstances, passes } of EXPECTED) {
      const stopped = { ...clinician, ...circumstances, openHardStops: 1 };
      expect([state, availableEvents(referralMachine, state, stopped)]).toEqual([state, REFERRAL_EVENTS.filter((event) => open.includes(event) && passes[event])]);
      expect([state, availableEvents(referralMachine, state, { ...stopped, by: 'requester' })]).toEqual([state, availableEvents(referralMachine, state, { ...stopped, by: 'requester', openHardStops: 0 })]);
    }
  });

  it('puts only a lapsed decision into effect, and lets an outcome win over a pending cancellation', () => {
    for (const state of ['accepted', 'declined', 'redirected'] as const) {
      expect(decide(referralMachine, state, 'take-effect', { ...clinician, by: 'cairn', decision: 'lapsed' })).toEqual({ ok: true, to: state });
      expect(decide(referralMachine, state, 'take-effect', { ...clinician, by: 'cairn', decision: 'undoable' })).toMatchObject({ refusal: { rule: 'referral.undo-window-open' } });
      expect(decide(referralMachine, state, 'undo', { ...clinician, decision: 'lapsed' })).toMatchObject({ refusal: { rule: 'referral.undo-window-closed' } });
    }
    expect(decide(referralMachine, 'cancellation-requested', 'close', clinician)).toEqual({ ok: true, to: 'closed' });
  });
});
