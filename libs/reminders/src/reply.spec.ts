import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readReply } from './reply.js';
import words from './reply-words.json' with { type: 'json' };

const says = (text: string): string => {
  const reply = readReply(text);
  return 'scope' in reply ? `${reply.says} ${reply.scope}` : reply.says;
};

describe('reading a reply', () => {
  it.each([
    ['YES', 'confirmed'],
    ['Sí, gracias.', 'confirmed'],
    ['oui merci !', 'confirmed'],
    ['👍', 'confirmed'],
    ['👍🏽', 'confirmed'],
    ['No', 'reschedule'],
    ['I can’t make it', 'reschedule'],
    ['Un autre jour, svp', 'reschedule'],
    ['STOP', 'stop all'],
    ['  stop!!! ', 'stop all'],
    ['ＳＴＯＰ', 'stop all'],
    ['Please stop', 'stop all'],
    ['Arrêt', 'stop all'],
    ['BAJA', 'stop all'],
    ['opt-out', 'stop all'],
    ['Cancel', 'stop all'],
    ['STOP ALL', 'stop all'],
    ['stop reminders please', 'stop care'],
    ['alto cuestionarios', 'stop questionnaires'],
    ['I told you: stop texting me', 'stop all'],
    ['Ne m’écrivez plus', 'stop all'],
    ['HELP', 'help'],
    ['ayuda', 'help'],
    ['START', 'start all'],
    ['start questionnaires', 'start questionnaires'],
  ])('%s → %s', (text, meaning) => {
    expect(says(text)).toBe(meaning);
  });

  it.each([
    'I can’t stop the pain at night',
    'Cancel my appointment on Tuesday and give me another',
    'yes but I need an interpreter',
    'ok I think, can my daughter come',
    'the end of the week is better',
    '',
    '?',
    'a'.repeat(5000),
  ])('leaves to a person: %s', (text) => {
    expect(says(text)).toBe('free-text');
  });

  it('understands every listed word, in any case, between any punctuation', () => {
    const groups = ['stop', 'confirmed', 'reschedule', 'help', 'start'] as const;
    const entries = groups.flatMap((group) => Object.values<string[]>(words[group]).flatMap((list) => list.map((word) => ({ group, word }))));
    const noise = fc.stringMatching(/^[ .!,;:?"()\n]{0,4}$/);
    fc.assert(
      fc.property(fc.constantFrom(...entries), noise, noise, fc.boolean(), ({ group, word }, before, after, loud) => {
        expect(readReply(before + (loud ? word.toUpperCase() : word) + after).says).toBe(group);
      }),
      { numRuns: 400 },
    );
  });

  it('reads any text without failing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => { readReply(text); }));
  });
});
