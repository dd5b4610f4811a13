/** Purpose of the link by which a referrer fetches a letter. */
export const LETTER_LINK = 'referrer-letter';
