import { describe, expect, it } from '@jest/globals';
import { newSecret, signatureHeaders } from './signature.js';

describe('the signature of a notification', () => {
  it('is that of Standard Webhooks: its published example', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: new Date(1_614_265_330_000), body: '{"test": 2432232314}' };
    expect(signatureHeaders(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('stands once for each secret', () => {
    const secrets = [newSecret(), newSecret()];
    const { 'webhook-signature': both = '' } = signatureHeaders({ id: 'a', at: new Date(0), body: '' }, secrets);
    expect(new Set(both.split(' ')).size).toBe(2);
  });
});
