import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ContactAnswer } from '@cairn/people';
import { decideSending, type ChannelState, type SendingQuestion } from './reminder.rules.js';

const at = (text: string): Date => new Date(`2026-11-${text}:00Z`);
const can = (channel: 'sms' | 'email'): ChannelState => ({ channel, hasAddress: true, contact: { ok: true } });
const refused = (channel: 'sms' | 'email', contact: ContactAnswer): ChannelState => ({ channel, hasAddress: true, contact });
const night = (until: Date): ContactAnswer => ({ ok: false, rule: 'quiet-hours', until });

const due: SendingQuestion = {
  now: at('24T15:00'),
  dueAt: at('24T15:00'),
  latestAt: at('28T15:00'),
  subject: 'open',
  deceased: false,
  clinicReady: true,
  use: 'first-that-works',
  channels: [can('sms'), can('email')],
};

describe('at the moment of sending', () => {
  it('sends on the channels that are open, best first', () => {
    expect(decideSending(due)).toEqual({ act: 'send', channels: ['sms', 'email'] });
    expect(decideSending({ ...due, channels: [refused('sms', { ok: false, rule: 'no-consent' }), can('email')] })).toEqual({ act: 'send', channels: ['email'] });
  });

  it.each([
    ['missing', { subject: 'missing' }, 'subject-missing'],
    ['done or cancelled meanwhile', { subject: 'over' }, 'no-longer-needed'],
    ['the patient died', { deceased: true }, 'deceased'],
    ['it is too late', { now: at('28T15:00') }, 'too-late'],
  ] as const)('skips when %s', (_, change, rule) => {
    expect(decideSending({ ...due, ...change })).toEqual({ act: 'skip', rule });
  });

  it('waits when the event was moved to a later day', () => {
    expect(decideSending({ ...due, dueAt: at('26T15:00') })).toEqual({ act: 'postpone', until: at('26T15:00'), rule: 'not-yet-due' });
  });

  it('waits for the morning, and gives up when that is too late', () => {
    const channels = [refused('sms', night(at('25T13:00')))];
    expect(decideSending({ ...due, channels })).toEqual({ act: 'postpone', until: at('25T13:00'), rule: 'quiet-hours' });
    expect(decideSending({ ...due, channels, latestAt: at('25T13:00') })).toEqual({ act: 'skip', rule: 'quiet-hours' });
  });

  it('takes another channel at once rather than wait for the first', () => {
    const capped: ContactAnswer = { ok: false, rule: 'frequency-cap', until: at('25T13:00') };
    expect(decideSending({ ...due, channels: [refused('sms', capped), can('email')] })).toEqual({ act: 'send', channels: ['email'] });
  });

  it('waits for every channel where all are wanted, but not beyond the time', () => {
    const capped: ContactAnswer = { ok: false, rule: 'frequency-cap', until: at('25T13:00') };
    const channels = [refused('sms', capped), can('email')];
    expect(decideSending({ ...due, use: 'all', channels })).toEqual({ act: 'postpone', until: at('25T13:00'), rule: 'frequency-cap' });
    expect(decideSending({ ...due, use: 'all', channels, latestAt: at('25T00:00') })).toEqual({ act: 'send', channels: ['email'] });
  });

  it('hands a patient whom nothing reaches to a person, and says why', () => {
    const out: ContactAnswer = { ok: false, rule: 'opted-out' };
    expect(decideSending({ ...due, channels: [refused('sms', out), { ...refused('email', out), hasAddress: false }] })).toEqual({ act: 'escalate', rule: 'opted-out' });
    expect(decideSending({ ...due, channels: [{ ...can('sms'), hasAddress: false }] })).toEqual({ act: 'escalate', rule: 'no-address' });
    expect(decideSending({ ...due, channels: [refused('sms', { ok: false, rule: 'no-consent' }), { ...can('email'), hasAddress: false }] })).toEqual({ act: 'escalate', rule: 'no-channel' });
    expect(decideSending({ ...due, channels: [] })).toEqual({ act: 'escalate', rule: 'no-channel' });
    expect(decideSending({ ...due, clinicReady: false })).toEqual({ act: 'escalate', rule: 'clinic-contact-missing' });
  });

  it('never sends on a channel that is closed, never postpones into the past or beyond the time, never forgets the living', () => {
    const contact: fc.Arbitrary<ContactAnswer> = fc.oneof(
      fc.constant<ContactAnswer>({ ok: true }),
      fc.constantFrom<ContactAnswer>({ ok: false, rule: 'no-consent' }, { ok: false, rule: 'opted-out' }),
      fc.integer({ min: 1, max: 9 }).map((hours): ContactAnswer => ({ ok: false, rule: 'quiet-hours', until: new Date(due.now.getTime() + hours * 3_600_000) })),
    );
    const channel = fc.record({ channel: fc.constantFrom<'sms' | 'email'>('sms', 'email'), hasAddress: fc.boolean(), contact });
    const use = fc.constantFrom<'all' | 'first-that-works'>('all', 'first-that-works');
    const latest = fc.integer({ min: -2, max: 12 }).map((hours) => new Date(due.now.getTime() + hours * 3_600_000));
    fc.assert(
      fc.property(fc.array(channel, { maxLength: 2 }), use, latest, (channels, howToUse, latestAt) => {
        const decision = decideSending({ ...due, channels, use: howToUse, latestAt });
        if (decision.act === 'send') {
          expect(decision.channels.length).toBeGreaterThan(0);
          for (const sent of decision.channels) expect(channels.some((state) => state.channel === sent && state.hasAddress && state.contact.ok)).toBe(true);
        }
        if (decision.act === 'postpone') {
          expect(decision.until > due.now && decision.until < latestAt).toBe(true);
        }
        if (decision.act === 'skip') expect(['too-late', 'quiet-hours']).toContain(decision.rule);
      }),
    );
  });
});
