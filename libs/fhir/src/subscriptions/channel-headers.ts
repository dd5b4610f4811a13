import type { Issue } from '@cairn/kernel';

/** A header that a subscriber asks to be sent with each notification. */
export interface ChannelHeader {
  readonly name: string;
  readonly value: string;
}

/** What stands for a header's value wherever a Subscription is read: values are secrets. Sent back, it means the value that is kept. */
const KEPT = '********';

const MOST_HEADERS = 20;
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}):[ \t]*([\x20-\x7e]{1,4000})$/;

/** Headers that belong to the message itself, to its signature, or to the connection. */
const OURS = /^(host|content-.*|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*|accept-encoding|webhook-.*)$/i;

/** Reads `Subscription.channel.header`. Values that were sent as {@link KEPT} are those of `kept`, the headers up to now. Says what is wrong with each that can't be. */
export function readHeaders(lines: readonly string[], kept: readonly ChannelHeader[]): { readonly headers: ChannelHeader[]; readonly issues: Issue[] } {
  const issues: Issue[] = [];
  const wrong = (index: number, message: string): [] => {
    issues.push({ path: `Subscription.channel.header[${index}]`, message });
    return [];
  };
  if (lines.length > MOST_HEADERS) issues.push({ path: 'Subscription.channel.header', message: `At most ${MOST_HEADERS} headers can be sent.` });
  const headers = lines.slice(0, MOST_HEADERS).flatMap((line, index) => {
    const [, name, sent] = HEADER.exec(line) ?? [];
    if (name === undefined || sent === undefined) return wrong(index, 'Must be "Name: value" in printable ASCII.');
    if (OURS.test(name)) return wrong(index, 'This header is set by the server itself.');
    if (sent.trim() !== KEPT) return { name, value: sent.trim() };
    return kept.find((header) => header.name.toLowerCase() === name.toLowerCase()) ?? wrong(index, 'No value is kept for this header: send it in full.');
  });
  return { headers, issues };
}

/** The headers as they are shown. */
export const shownHeaders = (headers: readonly ChannelHeader[]): string[] => headers.map(({ name }) => `${name}: ${KEPT}`);
