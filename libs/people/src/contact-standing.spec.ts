import { describe, expect, it } from '@jest/globals';
import { mayUse, standingOf, type ContactDecision } from './contact-standing.js';

const at = new Date('2026-11-24T12:00:00Z');
const given: ContactDecision = { kind: 'consent-given', topic: 'care', channel: 'sms', how: 'given-to-provider', at };
const out = (topic: ContactDecision['topic']): ContactDecision => ({ kind: 'opted-out', topic, channel: null, how: 'sms-reply', at });
const back = (topic: ContactDecision['topic']): ContactDecision => ({ kind: 'opted-in', topic, channel: null, how: 'phone', at });

const use = (...ledger: ContactDecision[]) => mayUse(standingOf(ledger), 'care', 'sms');

describe('a ledger of decisions about contact', () => {
  it('allows nothing before anything was said', () => {
    expect(use()).toBe('no-consent');
  });

  it('holds the last word on each topic and channel', () => {
    expect(use(given)).toBe('yes');
    expect(use(given, { ...given, kind: 'consent-withdrawn' })).toBe('no-consent');
    expect(use({ ...given, kind: 'consent-withdrawn' }, given)).toBe('yes');
    expect(use({ ...given, channel: 'email' })).toBe('no-consent');
  });

  it('lets "stop all" stop every topic, until the patient takes it back for one or all', () => {
    expect(use(given, out('all'))).toBe('opted-out');
    expect(use(given, out('all'), back('care'))).toBe('yes');
    expect(use(given, out('all'), back('questionnaires'))).toBe('opted-out');
    expect(use(given, out('care'), back('all'))).toBe('yes');
    expect(use(given, out('questionnaires'))).toBe('yes');
    expect(use(given, back('care'), out('care'))).toBe('opted-out');
  });

  it('does not take an opt-in for a consent', () => {
    expect(use(out('all'), back('all'))).toBe('no-consent');
  });
});
