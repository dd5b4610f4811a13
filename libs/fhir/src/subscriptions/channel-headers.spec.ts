import { describe, expect, it } from '@jest/globals';
import { readHeaders, shownHeaders } from './channel-headers.js';

describe('the headers of a channel', () => {
  it('are read by name and value, and shown without their values', () => {
    const { headers, issues } = readHeaders(['Authorization: Bearer abc', 'X-Site:7'], []);
    expect(issues).toEqual([]);
    expect(headers).toEqual([{ name: 'Authorization', value: 'Bearer abc' }, { name: 'X-Site', value: '7' }]);
    expect(shownHeaders(headers)).toEqual(['Authorization: ********', 'X-Site: ********']);
  });

  it('keep a value that is sent back masked, whatever the case of its name, and no other', () => {
    const kept = [{ name: 'Authorization', value: 'Bearer abc' }];
    expect(readHeaders(['authorization: ********'], kept)).toEqual({ headers: kept, issues: [] });
    expect(readHeaders(['X-Site: ********'], kept).issues).toEqual([{ path: 'Subscription.channel.header[0]', message: expect.stringContaining('in full') }]);
  });

  it.each(['Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked', 'webhook-signature: v1,x', 'Proxy-Authorization: x', 'X A: b', 'X: a\r\nY: b', 'X: naïve', 'no colon', ': x'])(
    'refuse %j',
    (line) => expect(readHeaders([line], []).issues).toHaveLength(1),
  );

  it('are at most twenty', () => {
    expect(readHeaders(Array.from({ length: 21 }, (_each, index) => `X-${index}: a`), []).issues).toEqual([{ path: 'Subscription.channel.header', message: 'At most 20 headers can be sent.' }]);
  });
});
