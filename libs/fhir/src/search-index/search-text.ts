/** How much of a text can be searched by its beginning. PostgreSQL's index rows are bounded. */
const MAX_LENGTH = 200;

/** Texts without accents, which most are. */
const IS_PLAIN = /^[\x00-\x7f]*$/;

/**
 * The form in which texts are compared: no case, no accents, single spaces (R4 search.html#string). Longer texts are cut, so that only
 * their beginning can be found.
 */
export function searchText(text: string): string {
  const plain = IS_PLAIN.test(text) ? text : text.normalize('NFKD').replace(/\p{M}+/gu, '');
  return plain
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
