import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import {
  ENROLMENT_EVENTS, ENROLMENT_STATES, OPEN_ENROLMENT_STATES, enrolmentMachine,
  type EnrolmentEvent, type EnrolmentFacts, type EnrolmentState,
} from './enrolment.workflow.js';

const ready: EnrolmentFacts = { freePlaces: 1, fits: true, first: true, offerOver: false, attended: 6, needed: 6 };

const table: Record<EnrolmentState, Partial<Record<EnrolmentEvent, EnrolmentState>>> = {
  referred: { screen: 'screened', 'find-unsuitable': 'not-suitable', withdraw: 'withdrawn' },
  screened: { 'find-unsuitable': 'not-suitable', waitlist: 'waitlisted', offer: 'offered', withdraw: 'withdrawn' },
  waitlisted: { offer: 'offered', withdraw: 'withdrawn' },
  offered: { decline: 'waitlisted', lapse: 'waitlisted', enrol: 'enrolled', withdraw: 'withdrawn' },
  enrolled: { attend: 'attending', withdraw: 'withdrawn' },
  attending: { attend: 'attending', complete: 'completed', withdraw: 'withdrawn' },
  completed: {},
  withdrawn: {},
  'not-suitable': {},
};

const ruleOf = (state: EnrolmentState, event: EnrolmentEvent, facts: EnrolmentFacts): string | undefined => {
  const decision = decide(enrolmentMachine, state, event, facts);
  return decision.ok ? undefined : decision.refusal.rule;
};

describe('an enrolment in a programme', () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(enrolmentMachine)).toEqual([]);
  });

  for (const state of ENROLMENT_STATES) {
    for (const event of ENROLMENT_EVENTS) {
      const to = table[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        const facts = event === 'lapse' ? { ...ready, offerOver: true } : ready;
        expect(decide(enrolmentMachine, state, event, facts)).toMatchObject(to ? { ok: true, to } : { ok: false, refusal: { rule: 'enrolment.no-transition' } });
      });
    }
  }

  it('offers a place only where one is free, it fits, and nobody stands before', () => {
    expect(ruleOf('waitlisted', 'offer', { ...ready, freePlaces: 0 })).toBe('enrolment.no-place');
    expect(ruleOf('waitlisted', 'offer', { ...ready, fits: false })).toBe('enrolment.does-not-fit');
    expect(ruleOf('screened', 'offer', { ...ready, first: false })).toBe('enrolment.not-first');
  });

  it('lets an offer lapse only when its time is over, and then nobody can take it any more', () => {
    expect(ruleOf('offered', 'lapse', ready)).toBe('enrolment.offer-open');
    expect(ruleOf('offered', 'enrol', { ...ready, offerOver: true })).toBe('enrolment.offer-over');
  });

  it('is complete only with as many sessions as the programme asks for', () => {
    expect(ruleOf('attending', 'complete', { ...ready, attended: 5 })).toBe('enrolment.too-few-sessions');
  });

  it('can be withdrawn from as long as it is open', () => {
    expect(ENROLMENT_STATES.filter((state) => decide(enrolmentMachine, state, 'withdraw', ready).ok)).toEqual([...OPEN_ENROLMENT_STATES]);
  });
});
