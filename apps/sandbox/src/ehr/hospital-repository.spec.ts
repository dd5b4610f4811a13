import { mkdtemp, appendFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseSearchRequest } from '@medplum/core';
import type { Task } from '@medplum/fhirtypes';
import { loadDefinitions } from './definitions.js';
import { HospitalRepository } from './hospital-repository.js';
import { Journal } from './journal.js';
import type { Change } from './journal.js';

const task = (status: Task['status'] = 'requested'): Task => ({ resourceType: 'Task', status, intent: 'order', identifier: [{ system: 'urn:orders', value: '1' }] });

beforeAll(loadDefinitions);

describe('The hospital’s repository', () => {
  let commits: Change[][];
  let repository: HospitalRepository;
  beforeEach(() => {
    commits = [];
    repository = new HospitalRepository((changes) => void commits.push(changes));
  });

  it('counts versions, and tells them newest first, however often it is asked', async () => {
    const { id } = await repository.createResource(task());
    await repository.updateResource({ ...task('received'), id });
    await repository.updateResource({ ...task('accepted'), id });
    const told = async () => (await repository.readHistory<Task>('Task', id)).entry?.map(({ resource }) => [resource?.meta?.versionId, resource?.status]);
    const newestFirst = [['3', 'accepted'], ['2', 'received'], ['1', 'requested']];
    expect(await told()).toEqual(newestFirst);
    expect(await told()).toEqual(newestFirst);
    expect(await repository.readVersion<Task>('Task', id, '1')).toMatchObject({ status: 'requested' });
  });

  it('refuses a stale version, and what is not valid', async () => {
    const { id } = await repository.createResource(task());
    await repository.updateResource({ ...task('received'), id }, { ifMatch: '1' });
    await expect(repository.updateResource({ ...task('accepted'), id }, { ifMatch: '1' })).rejects.toThrow('Precondition');
    await expect(repository.createResource(JSON.parse('{"resourceType":"Task"}') as Task)).rejects.toThrow('Task.status');
  });

  it('creates once for the same criteria, also for many at the same time', async () => {
    const search = () => parseSearchRequest<Task>('Task?identifier=urn:orders|1');
    const results = await Promise.all(Array.from({ length: 20 }, () => repository.withTransaction((inner) => inner.conditionalCreate(task(), search()))));
    expect(new Set(results.map(({ resource }) => resource.id)).size).toBe(1);
  });

  it('takes everything back when a transaction fails, and tells nobody', async () => {
    const { id } = await repository.createResource(task());
    const { id: doomed } = await repository.createResource(task());
    const failing = repository.withTransaction(async (inner) => {
      await inner.updateResource({ ...task('received'), id });
      await inner.deleteResource('Task', doomed);
      await inner.createResource({ resourceType: 'Communication', status: 'completed' });
      throw new Error('the last entry is refused');
    });
    await expect(failing).rejects.toThrow('the last entry is refused');
    expect(await repository.readResource<Task>('Task', id)).toMatchObject({ status: 'requested', meta: { versionId: '1' } });
    expect(await repository.holds('Task', doomed)).toBe(true);
    expect(await repository.all('Communication')).toEqual([]);
    expect(commits).toHaveLength(2);
    expect((await repository.updateResource({ ...task('received'), id })).meta?.versionId).toBe('2');
  });

  it('refuses a search parameter that it does not know, instead of finding nothing', async () => {
    await expect(repository.search(parseSearchRequest('Task?colour=blue'))).rejects.toThrow('colour');
  });
});

describe('The journal', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-journal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('brings a later run to where the earlier one was, and drops a line that a kill cut short', async () => {
    const file = join(folder, 'hospital.ndjson');
    const journal = new Journal(file);
    const first = new HospitalRepository((changes) => journal.append(changes));
    const { id } = await first.createResource(task());
    await first.updateResource({ ...task('received'), id });
    const { id: deleted } = await first.createResource(task());
    await first.deleteResource('Task', deleted);
    journal.close();
    await appendFile(file, '[{"put":{"resourceType":"Ta');

    const reopened = new Journal(file);
    const second = new HospitalRepository((changes) => reopened.append(changes));
    for await (const changes of reopened.read()) await second.replay(changes);
    expect(await second.readResource('Task', id)).toEqual(await first.readResource('Task', id));
    expect((await second.readHistory('Task', id)).total).toBe(2);
    expect(await second.holds('Task', deleted)).toBe(false);
    await second.updateResource({ ...task('accepted'), id });
    reopened.close();

    const third = new HospitalRepository(() => undefined);
    const last = new Journal(file);
    for await (const changes of last.read()) await third.replay(changes);
    last.close();
    expect(await third.readResource<Task>('Task', id)).toMatchObject({ status: 'accepted', meta: { versionId: '3' } });
  });
});
