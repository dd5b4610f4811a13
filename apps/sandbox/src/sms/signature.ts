import { createHmac } from 'node:crypto';

/**
 * The headers by which a webhook proves that the gateway sent it: `X-Timestamp`, seconds since 1970, and `X-Signature`,
 * HMAC-SHA256 in hex over the timestamp, a full stop and the body as sent.
 */
export function signatureHeaders(secret: string, body: string, at: Date): { 'X-Timestamp': string; 'X-Signature': string } {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  return { 'X-Timestamp': timestamp, 'X-Signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex') };
}
