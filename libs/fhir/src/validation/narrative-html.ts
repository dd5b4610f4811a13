/**
 * What XHTML a narrative may hold: chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links, images and style attributes (R4
 * narrative.html#Narrative, rule txt-1).
 */
const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

export const ELEMENTS = words(
  'div p br span h1 h2 h3 h4 h5 h6 address a img map area em strong dfn code samp kbd var cite abbr acronym blockquote q sub sup pre ' +
    'ul ol li dl dt dd table caption thead tfoot tbody colgroup col tr th td bdo tt i b big small strike s u font hr',
);

/** Attributes that any element may have. */
export const ATTRIBUTES = words(
  'title style class id lang xml:lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope rowspan colspan bgcolor clear',
);

/** Attributes that only this element may have. */
export const ATTRIBUTES_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  div: words('xmlns'),
  a: words('href name charset type hreflang rel rev shape coords target'),
  img: words('src alt longdesc height border usemap ismap hspace vspace'),
  map: words('name'),
  area: words('shape coords href nohref alt'),
  blockquote: words('cite'),
  q: words('cite'),
  table: words('summary border frame rules cellspacing cellpadding'),
  th: words('nowrap height'),
  td: words('nowrap height'),
  ol: words('type start compact'),
  ul: words('type compact'),
  li: words('type value'),
  pre: words('space xml:space'),
  font: words('size color face'),
  hr: words('noshade size'),
};

/** Elements that run something, load something or ask for something: R4 forbids them by name. */
export const DANGEROUS = words(
  'script style link meta base head body html form input button select textarea iframe frame frameset object embed applet svg math audio video source template noscript portal',
);

/** Attributes that hold an address. */
export const ADDRESSES = words('href src cite longdesc usemap background xlink:href action formaction');

/** Schemes that an address may have, beside data of an image; one without a scheme is relative, or leads to an element of the same narrative. */
export const SCHEMES: readonly string[] = ['http', 'https', 'mailto', 'tel', 'urn'];
