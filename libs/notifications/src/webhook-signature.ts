import { createHmac, timingSafeEqual } from 'node:crypto';
import { unauthenticated } from '@cairn/kernel';
import { DELIVERY } from './delivery.rules.js';

/** The headers that prove who sent a webhook. */
export interface Proof {
  /** Seconds since 1970. */
  readonly timestamp: string | undefined;
  /** HMAC-SHA256 over `timestamp.body`, in hex, with or without `sha256=` before it. */
  readonly signature: string | undefined;
}

/**
 * Refuses with 401 a webhook that the gateway did not sign, or whose timestamp lies more than five minutes off. Within that time a webhook
 * can be replayed: whoever handles it must cope with hearing the same twice. `now` is real time, which no demo moves.
 */
export function verifyWebhook(secret: string, body: Buffer, { timestamp, signature }: Proof, now: Date): void {
  if (!timestamp || !/^\d{1,12}$/.test(timestamp) || !signature) throw unauthenticated('Sign the request: X-Timestamp and X-Signature are missing or malformed.', 'Signature');
  const given = Buffer.from(signature.replace(/^sha256=/, ''), 'hex');
  const wanted = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw unauthenticated('The signature does not match the body.', 'Signature');
  const apart = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (apart > DELIVERY.webhookToleranceSeconds) throw unauthenticated('The timestamp is too far off: sign again with the present time.', 'Signature');
}
