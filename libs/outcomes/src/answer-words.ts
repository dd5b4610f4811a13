import words from './answer-words.json' with { type: 'json' };

/** Languages in which the page around a questionnaire speaks. */
export const PAGE_LANGUAGES = ['en', 'es', 'fr'] as const;
export type PageLanguage = (typeof PAGE_LANGUAGES)[number];

export type Word = keyof typeof words.en;

/** The page's language for a person: the first of the BCP-47 tags that it speaks, else English. */
export function pageLanguage(...tags: readonly (string | undefined)[]): PageLanguage {
  const wanted = tags.map((tag) => tag?.toLowerCase().split('-')[0]);
  return wanted.flatMap((code) => PAGE_LANGUAGES.filter((language) => language === code))[0] ?? 'en';
}

/** The languages that an Accept-Language header names, in the order they stand. */
export const acceptedLanguages = (header: string | undefined): string[] =>
  (header ?? '')
    .slice(0, 200)
    .split(',')
    .map((part) => part.split(';')[0]?.trim() ?? '')
    .filter(Boolean);

/** The word in this language, with `{placeholders}` filled in. */
export const say = (language: PageLanguage, word: Word, values: Readonly<Record<string, string>> = {}): string =>
  words[language][word].replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
