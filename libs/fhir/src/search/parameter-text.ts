/** Splits a parameter's value at a separator that isn't escaped by a backslash (R4 search.html#escaping). */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && at + 1 < text.length) {
      part += character + text.charAt(++at);
    } else if (character === separator) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  return [...parts, part];
}

/** The text without its escapes. */
export const unescapeText = (text: string): string => (text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text);

/** The text with escapes, so that it stands for itself as a value. */
export const escapeText = (text: string): string => text.replace(/[,|$\\]/g, '\\$&');
