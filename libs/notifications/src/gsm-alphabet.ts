/** The alphabet of a plain text message (GSM 03.38 default alphabet, 3GPP TS 23.038 6.2.1), without the escape character. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Characters that take two places (3GPP TS 23.038 6.2.1.1). */
const EXTENDED = '^{}\\[~]|€';

const ONE = new Set(BASIC);
const TWO = new Set(EXTENDED);

/** Signs that have no decomposition of their own and a plain way to write them. */
const PLAIN: Readonly<Record<string, string>> = { '’': "'", '‘': "'", '“': '"', '”': '"', '«': '"', '»': '"', '–': '-', '—': '-', '…': '...', œ: 'oe', Œ: 'OE', '·': '.' };

/**
 * The text in the alphabet of a plain text message, so that 160 characters fit: what is not in it loses its accent ("í" becomes "i"); any kind
 * of space becomes a space. Undefined where a character has no such form, as in a name in another script.
 */
export function toGsm(text: string): string | undefined {
  let plain = '';
  for (const character of text.normalize('NFC').replaceAll(/[^\S\n]/gu, ' ')) {
    if (ONE.has(character) || TWO.has(character)) plain += character;
    else {
      const base = PLAIN[character] ?? character.normalize('NFD').replaceAll(/\p{M}/gu, '');
      if (![...base].every((part) => ONE.has(part))) return undefined;
      plain += base;
    }
  }
  return plain;
}

/** How many of a message's 160 places the text takes. It must be in the alphabet. */
export const gsmLength = (text: string): number => [...text].reduce((places, character) => places + (TWO.has(character) ? 2 : 1), 0);
