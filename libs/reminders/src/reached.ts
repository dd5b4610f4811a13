import type { Channel } from '@cairn/people';
import { SENDING_WORDS, type SendingWord } from './sending-words.js';

/** A piece of news about one reminder on one channel. */
export interface SendingNews {
  readonly reminderId: string;
  readonly channel: Channel;
  readonly word: SendingWord;
  readonly at: Date;
}

/** Words after which a message may have reached the patient. */
const COUNTED: readonly SendingWord[] = ['sending', 'unknown', 'sent', 'delivered'];

/** When reminders may have reached the patient on the channel: once for each, since its first news, by the weightiest word on it. News oldest first. */
export function reachedAt(news: readonly SendingNews[], channel: Channel): Date[] {
  const last = new Map<string, { word: SendingWord; at: Date }>();
  for (const { reminderId, channel: on, word, at } of news) {
    if (on !== channel) continue;
    const known = last.get(reminderId);
    if (!known || SENDING_WORDS.indexOf(word) > SENDING_WORDS.indexOf(known.word)) last.set(reminderId, { word, at: known?.at ?? at });
  }
  return [...last.values()].filter(({ word }) => COUNTED.includes(word)).map(({ at }) => at);
}
