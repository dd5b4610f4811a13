import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

const enough = { DATABASE_URL: 'postgres://app@localhost/cairn', CAIRN_SECRET_KEYS: `a:${Buffer.alloc(32).toString('base64')}` };

describe('the settings of a process', () => {
  it('fills in what is derived', () => {
    expect(readConfig({ ...enough, PORT: '4000' })).toMatchObject({ CAIRN_MODE: 'production', PUBLIC_URL: 'http://127.0.0.1:4000', OIDC_AUDIENCE: 'http://127.0.0.1:4000' });
    expect(readConfig({ ...enough, PUBLIC_URL: 'https://cairn.example/' }).PUBLIC_URL).toBe('https://cairn.example');
  });

  it('names every variable that is missing or wrong, and never repeats a value', () => {
    const read = () => readConfig({ PORT: 'many', CAIRN_SECRET_KEYS: 'a:c2hvcnQ=' });
    expect(read).toThrow(/DATABASE_URL is missing/);
    expect(read).toThrow(/PORT:/);
    expect(read).toThrow(/CAIRN_SECRET_KEYS: must be "id:key" pairs/);
    expect(read).not.toThrow(/c2hvcnQ/);
  });
});
