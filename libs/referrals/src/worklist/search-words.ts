/** Words a referral is found by at most; what a request says beyond them is not looked at. */
const MOST_WORDS = 400;
const LONGEST_WORD = 40;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * The words of a text as full text compares them, each once: as Unicode divides it (so that scripts without spaces have words too), in lower case and without
 * accents. Single letters of alphabets are left out, and what follows the 400th word.
 */
export function searchWords(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll(':', ' ').toLowerCase();
  const words = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(plain)) {
    if (!isWordLike || (segment.length < 2 && !/\p{Lo}|\p{N}/u.test(segment))) continue;
    words.add(segment.slice(0, LONGEST_WORD));
    if (words.size === MOST_WORDS) break;
  }
  return [...words];
}

/** The word under which an access need is kept. A word of a text never holds a colon. */
export const needWord = (code: string): string => `need:${code}`;

/** The code of the need in such a word. */
export const needOf = (word: string): string => word.slice(needWord('').length);
