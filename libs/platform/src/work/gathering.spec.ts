import { describe, expect, it } from '@jest/globals';
import { Gathering } from './gathering.js';

/** A gathering whose groups end when the test says so. */
function gatheringOf(rules: { most?: number; atOnce?: number; maxWaiting?: number; apart?: (error: unknown) => boolean } = {}) {
  const groups: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const gathering = new Gathering<number, string>({ most: 10, atOnce: 1, maxWaiting: 10, busy: 'Too much.', ...rules }, (items) => {
    return new Promise((resolve, reject) => groups.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((item) => `done ${item}`))) }));
  });
  return { gathering, groups };
}

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Gathering', () => {
  it('begins at once with what comes alone, and takes together what comes meanwhile', async () => {
    const { gathering, groups } = gatheringOf();
    const all = [1, 2, 3].map((item) => gathering.add('a', item));
    expect(groups.map(({ items }) => items)).toEqual([[1]]);
    groups[0]?.end();
    await settled();
    expect(groups.map(({ items }) => items)).toEqual([[1], [2, 3]]);
    groups[1]?.end();
    expect(await Promise.all(all)).toEqual(['done 1', 'done 2', 'done 3']);
  });

  it('keeps what belongs to different keys apart, and to its bounds', async () => {
    const { gathering, groups } = gatheringOf({ most: 2, maxWaiting: 3 });
    const taken = [gathering.add('a', 1), gathering.add('b', 2), ...[3, 4, 5].map((item) => gathering.add('a', item))];
    await expect(gathering.add('a', 6)).rejects.toMatchObject({ kind: 'unavailable', message: 'Too much.' });
    expect(groups.map(({ items }) => items)).toEqual([[1], [2]]);
    for (let next = 0; next < groups.length; next++) {
      groups[next]?.end();
      await settled();
    }
    expect(groups.map(({ items }) => items)).toEqual([[1], [2], [3, 4], [5]]);
    expect(await Promise.all(taken)).toHaveLength(5);
  });

  it('has as many groups under way as it may', () => {
    const { gathering, groups } = gatheringOf({ atOnce: 2 });
    for (const item of [1, 2, 3]) void gathering.add('a', item);
    expect(groups.map(({ items }) => items)).toEqual([[1], [2]]);
  });

  it('does each again alone after a failure that says nothing of the others', async () => {
    const { gathering, groups } = gatheringOf({ apart: (error) => error instanceof Error && error.message === 'One is wrong.' });
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => gathering.add('a', item)));
    groups[0]?.end();
    await settled();
    groups[1]?.end(new Error('One is wrong.'));
    await settled();
    expect(groups.map(({ items }) => items)).toEqual([[1], [2, 3], [2], [3]]);
    groups[2]?.end(new Error('One is wrong.'));
    groups[3]?.end();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tells all of a group of a failure that may have left something behind', async () => {
    const { gathering, groups } = gatheringOf({ apart: () => false });
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => gathering.add('a', item)));
    groups[0]?.end();
    await settled();
    groups[1]?.end(new Error('The line is dead.'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(groups).toHaveLength(2);
  });
});
