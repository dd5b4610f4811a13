import { describe, expect, it } from '@jest/globals';
import { compartmentOf } from '../definitions/compartments.js';
import { typeIndex } from '../search-index/type-index.js';
import table from './care-dates.json' with { type: 'json' };

describe('the dates of care', () => {
  it.each(Object.entries(table.parameters))('of %s are searched by %s', (type, code) => {
    expect([...(compartmentOf('Patient')?.keys() ?? [])]).toContain(type);
    expect(typeIndex(type).parameters.get(code)?.kind).toBe('date');
  });
});
