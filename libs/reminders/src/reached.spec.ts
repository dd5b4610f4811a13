import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reachedAt, type SendingNews } from './reached.js';
import { SENDING_WORDS } from './sending-words.js';

const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 24, hour));
const news = (reminderId: string, word: SendingNews['word'], hour: number): SendingNews => ({ reminderId, channel: 'sms', word, at: at(hour) });

describe('when reminders may have reached a patient', () => {
  it('counts each reminder once, from its first news', () => {
    expect(reachedAt([news('a', 'sending', 9), news('a', 'sent', 10), news('a', 'delivered', 11), news('b', 'sending', 12)], 'sms')).toEqual([at(9), at(12)]);
  });

  it('counts what nobody knows, and not what surely failed or never left', () => {
    expect(reachedAt([news('a', 'sending', 9), news('a', 'unknown', 10)], 'sms')).toEqual([at(9)]);
    expect(reachedAt([news('a', 'sending', 9), news('a', 'undelivered', 10), news('b', 'dropped', 10)], 'sms')).toEqual([]);
  });

  it('looks at the one channel', () => {
    expect(reachedAt([news('a', 'sent', 9)], 'email')).toEqual([]);
  });

  it('never counts a reminder twice, whatever was said of it', () => {
    const piece = fc.record({ reminderId: fc.constantFrom('a', 'b', 'c'), channel: fc.constant('sms' as const), word: fc.constantFrom(...SENDING_WORDS), at: fc.constant(at(9)) });
    fc.assert(fc.property(fc.array(piece), (pieces) => {
      expect(reachedAt(pieces, 'sms').length).toBeLessThanOrEqual(new Set(pieces.map(({ reminderId }) => reminderId)).size);
    }));
  });
});
