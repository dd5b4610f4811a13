/** HTML that is safe to send: everything put into it was escaped, or was safe already. */
export class SafeHtml {
  constructor(readonly text: string) {}
}

type Part = string | number | SafeHtml | readonly SafeHtml[] | undefined | null | false;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (part: Part): string => {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof SafeHtml) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return String(part).replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
};

/** A template whose values are escaped. Nested templates stay as they are; `undefined`, `null` and `false` leave nothing. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): SafeHtml =>
  new SafeHtml(strings.reduce((text, string, index) => text + escaped(parts[index - 1]) + string));
