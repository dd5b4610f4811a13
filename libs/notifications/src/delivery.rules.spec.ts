import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextStep, triesAgain, type Sibling } from './delivery.rules.js';
import { MESSAGE_STATES } from './message.workflow.js';

const sms = (state: Sibling['state']): Sibling => ({ channel: 'sms', state });
const email = (state: Sibling['state']): Sibling => ({ channel: 'email', state });

describe('what comes after a message that did not get through', () => {
  it('is the next channel, then a person', () => {
    expect(nextStep(['sms', 'email'], [sms('failed')])).toEqual({ act: 'try', channel: 'email' });
    expect(nextStep(['sms', 'email'], [sms('unknown')])).toEqual({ act: 'try', channel: 'email' });
    expect(nextStep(['sms', 'email'], [sms('failed'), email('failed')])).toEqual({ act: 'give-up', reason: 'undelivered' });
    expect(nextStep(['sms'], [sms('dropped')])).toEqual({ act: 'give-up', reason: 'no-channel' });
  });

  it('tells a person when nobody can know whether the patient was written to', () => {
    expect(nextStep(['sms', 'email'], [sms('unknown'), email('failed')])).toEqual({ act: 'give-up', reason: 'outcome-unknown' });
  });

  it('is nothing while another message is on its way, or arrived', () => {
    for (const state of ['queued', 'sending', 'sent', 'delivered'] as const) expect(nextStep(['sms', 'email'], [sms('failed'), email(state)])).toEqual({ act: 'wait' });
  });

  it('never tries a channel twice, and always comes to an end', () => {
    const message = fc.record({ channel: fc.constantFrom<'sms' | 'email'>('sms', 'email'), state: fc.constantFrom(...MESSAGE_STATES) });
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom<'sms' | 'email'>('sms', 'email')), fc.array(message, { maxLength: 4 }), (channels, messages) => {
        const step = nextStep(channels, messages);
        if (step.act === 'try') expect(messages.some(({ channel }) => channel === step.channel)).toBe(false);
        if (step.act === 'give-up') expect(channels.every((channel) => messages.some((one) => one.channel === channel))).toBe(true);
      }),
    );
  });

  it('keeps trying a busy provider where there is no other', () => {
    expect(triesAgain(100, false)).toBe(true);
    expect(triesAgain(8, true)).toBe(false);
    expect(triesAgain(7, true)).toBe(true);
  });
});
