/** Purpose of the link in an e-mail that ends all messages. */
export const STOP_LINK = 'stop-messages';
