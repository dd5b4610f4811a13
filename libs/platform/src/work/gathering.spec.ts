import { setImmediate as turn } from 'node:timers/promises';
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

/** Until what has happened has had its turn: a group that ends lets the next begin in the turn after. */
async function turned(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await turn();
}

/** Adds all in one turn of the event loop, and waits for its end. */
async function come(gathering: Gathering<number, string>, ...items: number[]): Promise<{ answers: Promise<string>[] }> {
  const answers = items.map((item) => gathering.add('a', item));
  await turned();
  return { answers };
}

describe('Gathering', () => {
  it('takes together what comes in one turn, and what comes while that is under way', async () => {
    const { gathering, groups } = gatheringOf();
    const { answers: first } = await come(gathering, 1, 2);
    const { answers: then } = await come(gathering, 3);
    const { answers: last } = await come(gathering, 4);
    expect(groups.map(({ items }) => items)).toEqual([[1, 2]]);
    groups[0]?.end();
    await turned();
    expect(groups.map(({ items }) => items)).toEqual([[1, 2], [3, 4]]);
    groups[1]?.end();
    expect(await Promise.all([...first, ...then, ...last])).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  it('keeps what belongs to different keys apart, and to its bounds', async () => {
    const { gathering, groups } = gatheringOf({ most: 2, maxWaiting: 3 });
    const taken = [gathering.add('a', 1), gathering.add('b', 2)];
    await turned();
    taken.push(...(await come(gathering, 3, 4, 5)).answers);
    await expect(gathering.add('a', 6)).rejects.toMatchObject({ kind: 'unavailable', message: 'Too much.' });
    expect(groups.map(({ items }) => items)).toEqual([[1], [2]]);
    for (let next = 0; next < groups.length; next++) {
      groups[next]?.end();
      await turned();
    }
    expect(groups.map(({ items }) => items)).toEqual([[1], [2], [3, 4], [5]]);
    expect(await Promise.all(taken)).toHaveLength(5);
  });

  it('has as many groups under way as it may', async () => {
    const { gathering, groups } = gatheringOf({ atOnce: 2 });
    for (const item of [1, 2, 3]) await come(gathering, item);
    expect(groups.map(({ items }) => items)).toEqual([[1], [2]]);
  });

  it('begins no group that is less than its share of all, while another is under way', async () => {
    const { gathering, groups } = gatheringOf({ atOnce: 2 });
    await come(gathering, 1, 2, 3);
    await come(gathering, 4);
    await come(gathering, 5);
    expect(groups.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    await come(gathering, 6);
    expect(groups.map(({ items }) => items)).toEqual([[1, 2, 3], [4, 5, 6]]);
    await come(gathering, 7);
    for (const { end } of groups) end();
    await turned();
    expect(groups.map(({ items }) => items)).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it('does each again alone after a failure that says nothing of the others', async () => {
    const { gathering, groups } = gatheringOf({ apart: (error) => error instanceof Error && error.message === 'One is wrong.' });
    const { answers } = await come(gathering, 1);
    const outcomes = Promise.allSettled([...answers, ...(await come(gathering, 2, 3)).answers]);
    groups[0]?.end();
    await turned();
    groups[1]?.end(new Error('One is wrong.'));
    await turned();
    expect(groups.map(({ items }) => items)).toEqual([[1], [2, 3], [2], [3]]);
    groups[2]?.end(new Error('One is wrong.'));
    groups[3]?.end();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tells all of a group of a failure that may have left something behind', async () => {
    const { gathering, groups } = gatheringOf({ apart: () => false });
    const { answers } = await come(gathering, 1);
    const outcomes = Promise.allSettled([...answers, ...(await come(gathering, 2, 3)).answers]);
    groups[0]?.end();
    await turned();
    groups[1]?.end(new Error('The line is dead.'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(groups).toHaveLength(2);
  });
});
