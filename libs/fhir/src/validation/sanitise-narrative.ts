import sanitizeHtml from 'sanitize-html';
import { readObject, type JsonObject } from '../lossless/read-body.js';
import { replaceAt, type Pointer } from '../patch/json-edits.js';
import type { Fault } from './fault.js';
import { isActiveStyle } from './narrative.js';
import { ATTRIBUTES, ATTRIBUTES_OF, ELEMENTS, SCHEMES } from './narrative-html.js';

const OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: [...ELEMENTS],
  allowedAttributes: { '*': [...ATTRIBUTES], ...Object.fromEntries(Object.entries(ATTRIBUTES_OF).map(([element, names]) => [element, [...names]])) },
  allowedSchemes: [...SCHEMES],
  allowedSchemesByTag: { img: [...SCHEMES, 'data'] },
  allowedSchemesAppliedToAttributes: ['href', 'src', 'cite', 'longdesc', 'usemap'],
  // A style is kept as it is or, where it does more than describe looks, not at all.
  parseStyleAttributes: false,
  transformTags: { '*': (tagName, { style, ...attribs }) => ({ tagName, attribs: style === undefined || isActiveStyle(style) ? attribs : { ...attribs, style } }) },
  allowProtocolRelative: false,
  parser: { recognizeSelfClosing: true },
};

/**
 * The resource with the parts taken out of its unsafe narratives that R4 does not allow. All else stays as it was sent. What is left may
 * still be at fault, such as a narrative that holds nothing any more.
 */
export function withSafeNarratives(content: JsonObject, faults: readonly Fault[]): JsonObject {
  const places = new Set(faults.filter(({ type }) => type === 'security').map(({ path }) => path));
  let { json } = content;
  for (const place of places) {
    const pointer = pointerOf(place);
    const div = valueAt(content.value, pointer);
    if (typeof div === 'string') json = replaceAt(json, pointer, JSON.stringify(sanitizeHtml(div, OPTIONS)));
  }
  return json === content.json ? content : readObject(json);
}

/** `Patient.contained[0].text.div` as the way to it. */
const pointerOf = (path: string): Pointer =>
  path
    .split('.')
    .slice(1)
    .flatMap((step) => {
      const [, key = step, index] = /^(.+?)(?:\[(\d+)\])?$/.exec(step) ?? [];
      return index === undefined ? [key] : [key, Number(index)];
    });

const valueAt = (value: unknown, pointer: Pointer): unknown =>
  pointer.reduce<unknown>((at, step) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined), value);
