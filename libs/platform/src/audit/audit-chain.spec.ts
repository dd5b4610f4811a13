import { describe, expect, it } from '@jest/globals';
import { countOf, differences, hashOf, leavesOf, type Leaf } from './audit-chain.js';

const row = (number: number, content = `row ${number}`): Leaf => ({ xact: String(number), id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`, content });
const rows = [row(1), row(2), row(3)];
const leaves = leavesOf(rows);

describe('a block of the audit chain', () => {
  it('knows its rows again, whatever order they come in', () => {
    expect(countOf(leaves)).toBe(3);
    expect(differences(leaves, rows)).toEqual([]);
    expect(differences(leaves, rows.toReversed())).toEqual([]);
  });

  it('names each row that was changed, removed or inserted', () => {
    expect(differences(leaves, [row(1), row(2, 'another'), row(4)])).toEqual([
      { kind: 'changed', id: row(2).id },
      { kind: 'inserted', id: row(4).id },
      { kind: 'removed', id: row(3).id },
    ]);
  });

  it('has a hash that depends on all that it says', () => {
    const facts = { clinicId: 'c', number: 1, from: '0', to: '9', leaves, previous: '' };
    const others = [{ ...facts, number: 2 }, { ...facts, clinicId: 'd' }, { ...facts, from: '1' }, { ...facts, to: '8' }, { ...facts, previous: 'x' }, { ...facts, leaves: leavesOf([row(1), row(2)]) }];
    expect(new Set([facts, ...others].map(hashOf)).size).toBe(others.length + 1);
    expect(hashOf({ ...facts })).toBe(hashOf(facts));
  });
});
