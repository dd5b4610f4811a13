import { describe, expect, it } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { SubscriptionTopics, isTriggered, readTopics } from './topic.js';
import ownTopics from './topics.json' with { type: 'json' };

const task = (status: Task['status'], word?: string): Task => ({ resourceType: 'Task', status, intent: 'order', ...(word ? { businessStatus: { coding: [{ code: word }] } } : {}) });
const [steps] = readTopics({
  topics: [
    {
      name: 'steps',
      title: 'A Task took a step',
      resource: 'Task',
      supportedInteraction: ['create', 'update'],
      fhirPathCriteria: '(%previous.status ~ %current.status).not() or (%previous.businessStatus.coding.code ~ %current.businessStatus.coding.code).not()',
    },
  ],
});

describe('a topic', () => {
  it.each<[string, boolean, Task | undefined, Task]>([
    ['a creation', true, undefined, task('requested')],
    ['another status', true, task('requested'), task('accepted')],
    ['a business status that comes', true, task('accepted'), task('accepted', 'booked')],
    ['a business status that goes', true, task('accepted', 'booked'), task('accepted')],
    ['the same again', false, task('accepted', 'booked'), task('accepted', 'booked')],
    ['neither having a business status', false, task('accepted'), task('accepted')],
  ])('weighs %s: %s', (_what, triggered, previous, current) => {
    if (!steps) throw new Error('The topic was not read.');
    expect(isTriggered(steps, { current, ...(previous ? { previous } : {}) })).toBe(triggered);
  });

  it('about additions is not about changes', () => {
    const added = readTopics(ownTopics).find(({ name }) => name === 'observation-added');
    if (!added) throw new Error('The topic is missing.');
    const current = { resourceType: 'Observation', status: 'final', code: { text: 'Pain' } } as const;
    expect(isTriggered(added, { current })).toBe(true);
    expect(isTriggered(added, { current, previous: current })).toBe(false);
  });

  it('is found by its address alone, and named once', () => {
    const topics = new SubscriptionTopics('https://cairn.example/fhir');
    for (const topic of readTopics(ownTopics)) topics.register(topic);
    expect(topics.canonicals).toContain('https://cairn.example/fhir/SubscriptionTopic/task-changed');
    expect(topics.find('https://cairn.example/fhir/SubscriptionTopic/task-changed')?.resource).toBe('Task');
    for (const other of ['https://elsewhere.example/fhir/SubscriptionTopic/task-changed', 'https://cairn.example/fhir/SubscriptionTopic/', 'task-changed']) expect(topics.find(other)).toBeUndefined();
    expect(() => topics.register({ name: 'task-changed', title: '', resource: 'Task', supportedInteraction: ['create'] })).toThrow('twice');
  });

  it('must be about a type that there is', () => expect(() => readTopics({ topics: [{ name: 'x', title: 'x', resource: 'Nothing', supportedInteraction: ['create'] }] })).toThrow());
});
