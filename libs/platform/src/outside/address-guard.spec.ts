import { describe, expect, it } from '@jest/globals';
import { guardedLookup, mayConnect, safeUrl } from './address-guard.js';

const strict = { allowHttp: false, allowPrivate: false };

describe('an address that Cairn may call', () => {
  it.each(['8.8.8.8', '2001:4860:4860::8888', '::ffff:8.8.8.8'])('%s is public', (address) => expect(mayConnect(address, strict)).toBe(true));

  it.each([
    '127.0.0.1', '127.8.8.8', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '198.18.0.1',
    '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12:3456::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1', '2002:7f00:1::', 'not an address',
  ])('%s is not', (address) => expect(mayConnect(address, strict)).toBe(false));

  it('may be in one’s own network where the configuration says so, but never link-local', () => {
    const own = { allowPrivate: true };
    for (const address of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '100.64.0.1', '::1', 'fd12:3456::1']) expect(mayConnect(address, own)).toBe(true);
    for (const address of ['169.254.169.254', 'fe80::1', '::ffff:a9fe:a9fe', '0.0.0.0', '224.0.0.1', '2002:7f00:1::']) expect(mayConnect(address, own)).toBe(false);
  });

  it('is given by an https URL with a name, or a public address', () => {
    expect(safeUrl('https://ehr.example.org/fhir', strict, 'baseUrl').hostname).toBe('ehr.example.org');
    expect(safeUrl('https://8.8.8.8/fhir', strict, 'baseUrl').hostname).toBe('8.8.8.8');
  });

  it.each([
    ['ehr.example.org/fhir'],
    ['http://ehr.example.org/fhir'],
    ['ftp://ehr.example.org/fhir'],
    ['https://user:secret@ehr.example.org/fhir'],
    ['https://127.0.0.1/fhir'],
    ['https://[::1]/fhir'],
    ['https://2130706433/fhir'],
    ['https://0x7f.1/fhir'],
    ['https://169.254.169.254/latest/meta-data'],
  ])('is not given by %s', (text) => {
    expect(() => safeUrl(text, strict, 'baseUrl')).toThrow(expect.objectContaining({ kind: 'invalid', code: 'unsafe-address', issues: [{ path: 'baseUrl', message: expect.any(String) }] }));
  });

  it('may be private and plain where the configuration says so', () => {
    expect(safeUrl('http://127.0.0.1:4010/fhir', { allowHttp: true, allowPrivate: true }, 'baseUrl').port).toBe('4010');
    expect(() => safeUrl('http://10.0.0.1/fhir', { allowHttp: false, allowPrivate: true }, 'baseUrl')).toThrow('https');
  });
});

describe('a name that is resolved', () => {
  const resolve = (allowPrivate: boolean, all: boolean): Promise<unknown> =>
    new Promise((done, fail) => {
      guardedLookup({ allowPrivate })('localhost', { all }, (error, address, family) => (error ? fail(error) : done(all ? address : { address, family })));
    });

  it('is refused at the moment of connecting when it leads to a private address', async () => {
    await expect(resolve(false, true)).rejects.toMatchObject({ code: 'CAIRN_PRIVATE_ADDRESS' });
    await expect(resolve(false, false)).rejects.toMatchObject({ code: 'CAIRN_PRIVATE_ADDRESS' });
  });

  it('is given in either form where private addresses are allowed', async () => {
    expect(await resolve(true, true)).toContainEqual({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/), family: expect.any(Number) });
    expect(await resolve(true, false)).toMatchObject({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) });
  });
});
