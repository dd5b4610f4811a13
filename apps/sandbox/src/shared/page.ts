/** Markup that is safe to put into a page as it is. */
export class Html {
  constructor(private readonly markup: string) {}

  toString(): string {
    return this.markup;
  }
}

type Piece = Html | readonly Html[] | string | number | undefined;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function safe(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Html) return piece.toString();
  if (typeof piece === 'object') return piece.map(String).join('');
  return String(piece).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Tagged template: what is put in is escaped, unless it is markup already. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.reduce((done, text, index) => done + safe(pieces[index - 1]) + text));
}

const STYLE = new Html(`
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; border-bottom: 1px solid #ddd }
  pre { white-space: pre-wrap; margin: 0 } .quiet { color: #666 } .bubble { background: #eef; border-radius: .6rem; padding: .3rem .7rem; margin: .3rem 0; max-width: 30rem }
  .out { background: #efe; margin-left: 4rem } button { font: inherit; padding: .2rem .8rem } li { margin: .3rem 0 }
`);

/** A whole page of the sandbox: plain, readable, without scripts. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>
${body}
</body></html>`.toString();
}
