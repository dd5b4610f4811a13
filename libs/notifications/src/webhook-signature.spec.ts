import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verifyWebhook } from './webhook-signature.js';

const secret = 'a-secret-of-the-gateway';
const body = Buffer.from('{"status":"delivered"}');
const now = new Date('2026-11-24T12:00:00Z');
const timestamp = String(now.getTime() / 1000);
const sign = (text: string, at = timestamp, key = secret): string => createHmac('sha256', key).update(`${at}.${text}`).digest('hex');
const refused = expect.objectContaining({ status: 401 });

describe('a signed webhook', () => {
  it('is taken with its signature, in either form', () => {
    expect(() => verifyWebhook(secret, body, { timestamp, signature: sign(body.toString()) }, now)).not.toThrow();
    expect(() => verifyWebhook(secret, body, { timestamp, signature: `sha256=${sign(body.toString())}` }, now)).not.toThrow();
  });

  it.each([
    ['another body', { timestamp, signature: sign('{"status":"failed"}') }],
    ['another key', { timestamp, signature: sign(body.toString(), timestamp, 'another-secret-of-a-gateway') }],
    ['another timestamp', { timestamp: String(Number(timestamp) + 1), signature: sign(body.toString()) }],
    ['no signature', { timestamp, signature: undefined }],
    ['a short signature', { timestamp, signature: 'ab' }],
    ['no timestamp', { timestamp: undefined, signature: sign(body.toString()) }],
    ['a timestamp that is none', { timestamp: 'yesterday', signature: sign(body.toString(), 'yesterday') }],
  ])('is refused with %s', (_, proof) => {
    expect(() => verifyWebhook(secret, body, proof, now)).toThrow(refused);
  });

  it('is refused five minutes later, or earlier', () => {
    for (const seconds of [-301, 301]) {
      const then = new Date(now.getTime() + seconds * 1000);
      expect(() => verifyWebhook(secret, body, { timestamp, signature: sign(body.toString()) }, then)).toThrow(refused);
    }
  });
});
