import { SaxesParser } from 'saxes';
import { ADDRESSES, ATTRIBUTES, ATTRIBUTES_OF, DANGEROUS, ELEMENTS, SCHEMES } from './narrative-html.js';

/** What is wrong with a narrative. */
export interface NarrativeFault {
  readonly message: string;
  /** Whoever shows it would run, load or ask for something, or can't know what it would do. */
  readonly unsafe: boolean;
}

const XHTML = 'http://www.w3.org/1999/xhtml';
const UNDEFINED_ENTITY = 'undefined entity.';
/** More unknown entities than this are taken for an attempt to keep the server busy. */
const MOST_ENTITIES = 100;
/** Ends reading: what follows can't make it better. */
const STOP = new Error('The narrative is unsafe whatever follows.');
const ACTIVE_STYLE = /expression\s*\(|javascript:|vbscript:|behaviou?r\s*:|-moz-binding|@import/i;

/**
 * Every kind of fault in a narrative's `div`, each once: it must be well-formed XML with a `div` as root, hold only the XHTML that R4 allows
 * (txt-1), and say something (txt-2). Messages name elements and attributes of HTML, and repeat nothing else.
 */
export function narrativeFaults(div: string): NarrativeFault[] {
  const check = new NarrativeCheck();
  check.read(div);
  return check.faults;
}

class NarrativeCheck {
  readonly #faults = new Map<string, NarrativeFault>();
  #depth = 0;
  #entities = 0;
  #says = false;

  get faults(): NarrativeFault[] {
    return [...this.#faults.values()];
  }

  read(div: string): void {
    const parser = new SaxesParser({ xmlns: false, position: false });
    parser.on('error', ({ message }) => this.#broken(message));
    parser.on('doctype', () => this.#fault('It must not have a DOCTYPE (rule txt-1).', true));
    parser.on('processinginstruction', () => this.#fault('It must not have processing instructions (rule txt-1).', true));
    parser.on('opentag', ({ name, attributes }) => this.#element(name, attributes));
    parser.on('closetag', () => this.#depth--);
    parser.on('text', (text) => (this.#says ||= text.trim() !== ''));
    parser.on('cdata', (text) => (this.#says ||= text.trim() !== ''));
    try {
      parser.write(div).close();
    } catch (error) {
      if (error !== STOP) throw error;
      return;
    }
    if (!this.#says) this.#fault('It must have some text or an image (rule txt-2).', false);
  }

  #broken(message: string): void {
    if (message === UNDEFINED_ENTITY && ++this.#entities <= MOST_ENTITIES) {
      this.#fault('It has an entity that XML does not know; write the character itself, or its number (rule txt-1).', false);
      return;
    }
    this.#fault('It is not well-formed XML (rule txt-1).', true);
    throw STOP;
  }

  #element(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#depth++ === 0 && (name !== 'div' || attributes['xmlns'] !== XHTML)) {
      this.#fault(`Its root must be a div with xmlns="${XHTML}" (rule txt-1).`, false);
    }
    if (name === 'img') this.#says = true;
    const plain = name.toLowerCase();
    if (DANGEROUS.has(plain) || plain.includes(':')) this.#fault(`It must not have the element ${shown(plain)} (rule txt-1).`, true);
    else if (!ELEMENTS.has(name)) this.#fault(`The element ${shown(name)} is not one that a narrative may have (rule txt-1).`, false);
    for (const [attribute, value] of Object.entries(attributes)) this.#attribute(name, attribute.toLowerCase(), value);
  }

  #attribute(element: string, name: string, value: string): void {
    if (name.startsWith('on')) this.#fault(`It must not have attributes that react to events, such as ${shown(name)} (rule txt-1).`, true);
    else if (ADDRESSES.has(name) && !isHarmless(value)) this.#fault(`The address in ${shown(name)} has a scheme that a narrative may not have (rule txt-1).`, true);
    else if (name === 'style' && isActiveStyle(value)) this.#fault('A style must not do more than describe looks (rule txt-1).', true);
    else if (!ATTRIBUTES.has(name) && !ATTRIBUTES_OF[element]?.has(name)) this.#fault(`The attribute ${shown(name)} is not one that a narrative may have there (rule txt-1).`, false);
  }

  #fault(message: string, unsafe: boolean): void {
    this.#faults.set(message, { message, unsafe });
  }
}

/** Whether a style does more than describe looks, in the browsers that know how. */
export const isActiveStyle = (style: string): boolean => ACTIVE_STYLE.test(style);

/** Browsers pass over blanks and control characters in a scheme. Data may be an image, but none that is a document of its own. */
function isHarmless(address: string): boolean {
  const plain = address.slice(0, 1000).replace(/[\u0000-\u0020\u007f-\u009f]/g, '').toLowerCase();
  const scheme = /^([^/?#]*?):/.exec(plain)?.[1];
  if (scheme === 'data') return plain.startsWith('data:image/') && !plain.startsWith('data:image/svg');
  return scheme === undefined || SCHEMES.includes(scheme);
}

/** Names are the sender's: what doesn't look like one of HTML is not repeated. */
const shown = (name: string): string => (/^[a-z:]{1,20}\d?$/i.test(name) ? `"${name}"` : 'of another name');
