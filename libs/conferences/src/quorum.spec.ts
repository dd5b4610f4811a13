import { describe, expect, it } from '@jest/globals';
import { missingInWords, quorumOf } from './quorum.js';

const rule = [['physician'], ['psychology'], ['physiotherapy', 'occupational-therapy']];

describe('quorum', () => {
  it('has somebody of each group', () => {
    expect(quorumOf(rule, ['physician', 'psychology', 'occupational-therapy'])).toEqual({ met: true, missing: [] });
  });

  it('names the groups of which nobody was there', () => {
    const quorum = quorumOf(rule, ['physician', 'physician', 'pharmacy']);
    expect(quorum).toEqual({ met: false, missing: [['psychology'], ['physiotherapy', 'occupational-therapy']] });
    expect(missingInWords(quorum)).toBe('psychology, physiotherapy or occupational-therapy');
  });

  it('is not made by an empty room', () => expect(quorumOf(rule, []).met).toBe(false));
});
