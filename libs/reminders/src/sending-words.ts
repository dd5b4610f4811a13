/** What became known of a reminder on one channel, weakest first: a later word never counts for less. */
export const SENDING_WORDS = ['dropped', 'sending', 'unknown', 'sent', 'undelivered', 'delivered'] as const;
export type SendingWord = (typeof SENDING_WORDS)[number];
