import type { Statement, Tx } from '@cairn/platform';
import { searchWords } from './search-words.js';
import type { Values } from './values.js';

/** The words from `low` on and before `high`, as text is ordered by its code points. */
export interface WordRange {
  readonly low: string;
  readonly high: string;
}

/** Words asked for at most; what a question says beyond them is not looked at. */
const MOST_ASKED = 8;

/**
 * What stands in so many entries is fetched and put in order; what stands in more is looked for in the rows that a view comes to, one after the other. Where 200,000
 * referrals are open, a page costs the same either way at about this number. PostgreSQL is not left to choose: its estimates of a word were wrong by enough
 * to take 1,700 ms for a page that takes 15.
 */
const FETCHED = 4000;

const LAST_CHARACTER = '\u{10ffff}';
/** Stands before every character that a word can hold. */
const FIRST_CHARACTER = '\u0001';

/** The words that a text asks for; the last may be the beginning of one. */
export const wordRanges = (text: string): WordRange[] =>
  searchWords(text)
    .slice(0, MOST_ASKED)
    .map((word, index, { length }) => ({ low: word, high: `${word}${index === length - 1 ? LAST_CHARACTER : FIRST_CHARACTER}` }));

/** The condition that an entry `w` of the clinic's reasons and notes is within the range. */
export const saidWithin = ({ low, high }: WordRange, clinicId: string, values: Values): string =>
  `w.clinic_id = ${values.add(clinicId)} and w.word >= ${values.add(low)} and w.word < ${values.add(high)} and w.source in ('request', 'note')`;

/** Finds which of the words stands in fewest entries, if they are few enough to fetch them all. */
export async function rarest(tx: Tx, words: readonly WordRange[]): Promise<WordRange | undefined> {
  if (words.length === 0) return undefined;
  const [found] = await tx.query<{ number: number; entries: number }>(rarestStatement(words, tx.scope.clinicId));
  return found && found.entries <= FETCHED ? words[found.number] : undefined;
}

const rarestStatement = (words: readonly WordRange[], clinicId: string): Statement => ({
  name: 'referral-rarest-word',
  text: `select asked.number::int - 1 as number, counted.entries::int as entries from unnest($2::text[], $3::text[]) with ordinality as asked (low, high, number)
    cross join lateral (select count(*) as entries from (
      select from referral_word w where w.clinic_id = $1 and w.word >= asked.low and w.word < asked.high and w.source in ('request', 'note') limit ${FETCHED + 1}) w) counted
    order by entries, number limit 1`,
  values: [clinicId, words.map(({ low }) => low), words.map(({ high }) => high)],
});
