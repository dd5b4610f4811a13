import type { Topic } from '@cairn/people';
import words from './reply-words.json' with { type: 'json' };

/** What a patient's text message says. `scope` is what is to stop or start: one topic, or everything. */
export type Reply =
  | { readonly says: 'confirmed' | 'reschedule' | 'help' | 'free-text' }
  | { readonly says: 'stop' | 'start'; readonly scope: Topic | 'all' };

const listed = (byLanguage: Record<string, readonly string[]>): ReadonlySet<string> => new Set(Object.values(byLanguage).flat());

const STOP = listed(words.stop);
const STOP_PHRASES = [...listed(words.stopPhrases)];
const CONFIRMED = listed(words.confirmed);
const RESCHEDULE = listed(words.reschedule);
const HELP = listed(words.help);
const START = listed(words.start);

/** Lower case, accents and punctuation gone; apostrophes, inner hyphens and the two signs that mean yes stay. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[’‘`´]/g, "'")
    .replaceAll(/[^\p{L}\p{N}'👍✅-]+/gu, ' ')
    .replaceAll(/(^|\s)['-]+|['-]+(\s|$)/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Takes polite words from both ends, as long as something is left. */
function bare(text: string): string {
  for (const filler of words.fillers) {
    if (text.endsWith(` ${filler}`)) return bare(text.slice(0, -filler.length - 1));
    if (text.startsWith(`${filler} `)) return bare(text.slice(filler.length + 1));
  }
  return text;
}

const scopeOf = (word: string): Topic | 'all' | undefined => {
  if (words.scopes.care.includes(word)) return 'care';
  if (words.scopes.questionnaires.includes(word)) return 'questionnaires';
  return words.scopes.all.includes(word) ? 'all' : undefined;
};

function scoped(text: string, known: ReadonlySet<string>): Topic | 'all' | undefined {
  if (known.has(text)) return 'all';
  const cut = text.lastIndexOf(' ');
  return cut > 0 && known.has(text.slice(0, cut)) ? scopeOf(text.slice(cut + 1)) : undefined;
}

/**
 * Reads a reply in English, Spanish and French at once, whatever the patient's language. A word must be the whole message, polite words
 * aside ("I can't stop the pain" stops nothing); besides, the usual sentences for "leave me alone" count wherever they stand. A stop without a
 * topic means every message. What is not understood is `free-text`, for a person to read. Words and their sources: `reply-words.json`.
 */
export function readReply(text: string): Reply {
  const whole = plain(text);
  const said = bare(whole);
  const stopped = scoped(said, STOP);
  if (stopped) return { says: 'stop', scope: stopped };
  if (STOP_PHRASES.some((phrase) => ` ${whole} `.includes(` ${phrase} `))) return { says: 'stop', scope: 'all' };
  if (CONFIRMED.has(said)) return { says: 'confirmed' };
  if (RESCHEDULE.has(said)) return { says: 'reschedule' };
  if (HELP.has(said)) return { says: 'help' };
  const started = scoped(said, START);
  return started ? { says: 'start', scope: started } : { says: 'free-text' };
}
