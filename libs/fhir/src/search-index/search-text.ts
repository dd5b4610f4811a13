/** How much of a text can be searched by its beginning. PostgreSQL's index rows are bounded. */
const MAX_LENGTH = 200;

/**
 * The form in which texts are compared: no case, no accents, single spaces (R4 search.html#string). Longer texts are cut, so that only
 * their beginning can be found.
 */
export function searchText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
