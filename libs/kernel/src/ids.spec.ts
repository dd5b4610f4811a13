import { describe, expect, it } from '@jest/globals';
import { isUuid, newId } from './ids.js';

describe('newId', () => {
  const ids = Array.from({ length: 20_000 }, newId);

  it('makes UUIDs of version 7, never one twice', () => {
    expect(ids.every((id) => isUuid(id) && id[14] === '7')).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes each greater than the one before', () => {
    expect([...ids].sort()).toEqual(ids);
  });
});
