import { describe, expect, it } from '@jest/globals';
import { Keyring } from './keyring.js';

const key = (id: string) => ({ id, key: Buffer.alloc(32, id) });

describe('secrets at rest', () => {
  it('open with the key that sealed them, for the purpose they were sealed for', () => {
    const ring = new Keyring([key('a')]);
    const sealed = ring.seal('top secret', 'client');
    expect(sealed).not.toContain('top secret');
    expect(ring.open(sealed, 'client')).toBe('top secret');
    expect(() => ring.open(sealed, 'other')).toThrow();
    expect(() => ring.open(sealed.replace(/.{22}$/, (tag) => (tag.startsWith('A') ? 'B' : 'A') + tag.slice(1)), 'client')).toThrow();
    expect(() => ring.open(sealed.slice(0, -4), 'client')).toThrow();
  });

  it('survive a rotation', () => {
    const sealed = new Keyring([key('a')]).seal('x', 'p');
    const rotated = new Keyring([key('b'), key('a')]);
    expect(rotated.open(sealed, 'p')).toBe('x');
    expect(rotated.isStale(sealed)).toBe(true);
    expect(rotated.isStale(rotated.seal('x', 'p'))).toBe(false);
    expect(() => new Keyring([key('b')]).open(sealed, 'p')).toThrow(/not configured/);
  });
});
