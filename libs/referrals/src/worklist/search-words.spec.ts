import { describe, expect, it } from '@jest/globals';
import { needWord, searchWords } from './search-words.js';

describe('the words of full text', () => {
  it.each([
    ['Douleur chronique: épaule GAUCHE', ['douleur', 'chronique', 'epaule', 'gauche']],
    ['Rückenschmerzen, L4/L5', ['ruckenschmerzen', 'l4', 'l5']],
    ['pain, pain & a pain', ['pain']],
    ['ﬁbromyalgia', ['fibromyalgia']],
    ['', []],
    ['…!?', []],
  ])('%s', (text, words) => expect(searchWords(text)).toEqual(words));

  it('finds words in a script that writes none apart', () => expect(searchWords('慢性疼痛の治療').length).toBeGreaterThan(1));

  it('is bounded in words and in their length', () => {
    expect(searchWords(Array.from({ length: 1000 }, (_, index) => `word${index}`).join(' '))).toHaveLength(400);
    expect(searchWords('x'.repeat(10_000))).toEqual(['x'.repeat(40)]);
  });

  it('never takes a text for an access need', () => expect(searchWords('need:interpreter')).not.toContain(needWord('interpreter')));
});
