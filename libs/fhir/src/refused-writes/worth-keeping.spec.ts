import { describe, expect, it } from '@jest/globals';
import { isRefusal, mayCarryReferral, targetOf } from './worth-keeping.js';

const sent = (method: string, url: string, body: string) => mayCarryReferral({ method, url, headers: {}, body: Buffer.from(body) });
const REQUEST = '{"resourceType" : "ServiceRequest"}';

describe('which refused writes are kept', () => {
  it.each([[400, true], [401, false], [403, true], [404, true], [412, true], [422, true], [429, false], [499, true], [500, false], [503, false], [200, false]])('status %i: %s', (status, kept) => {
    expect(isRefusal(status)).toBe(kept);
  });

  it.each([
    ['POST', 'ServiceRequest', '{', true],
    ['PUT', 'Task/1', '{}', true],
    ['PATCH', 'Task/1', '[]', true],
    ['PUT', 'ServiceRequest?identifier=a|b', REQUEST, true],
    ['POST', '', `{"resourceType":"Bundle","entry":[{"resource":${REQUEST}}]}`, true],
    ['POST', '?_format=json', REQUEST, true],
    ['POST', '', '{"resourceType":"Bundle"', true],
    ['POST', '', '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}', false],
    ['POST', '$process-message', `{"entry":[{"resource":${REQUEST}}]}`, true],
    ['POST', '$process-message', '{"entry":[]}', false],
    ['POST', 'Servicerequest', REQUEST, true],
    ['POST', 'Patient', REQUEST, false],
    ['POST', 'Patient', '{', false],
    ['POST', 'ServiceRequest/$validate', REQUEST, false],
    ['POST', 'ServiceRequest/_search', '', false],
    ['DELETE', 'ServiceRequest/1', '', false],
    ['GET', 'ServiceRequest', '', false],
  ])('%s %s %s: %s', (method, url, body, kept) => {
    expect(sent(method, url, body)).toBe(kept);
  });

  it('keeps nothing of a request without a body', () => {
    expect(mayCarryReferral({ method: 'POST', url: 'ServiceRequest', headers: {} })).toBe(false);
  });

  it.each([['', 'Bundle'], ['?x=y', 'Bundle'], ['Task/1', 'Task'], ['ServiceRequest?identifier=1', 'ServiceRequest'], ['$process-message', '$process-message'], ['Jane/Doe', 'unknown']])('names the target of "%s" as %s', (url, target) => {
    expect(targetOf(url)).toBe(target);
  });
});
