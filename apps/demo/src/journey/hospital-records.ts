import type { Bundle, CarePlan, Communication, DocumentReference, Observation, Task } from '@medplum/fhirtypes';
import { eventually } from '../eventually.js';
import { hospitalOf, type World } from './world.js';

type Kept = Task | Communication | CarePlan | DocumentReference | Observation;

/** What stands in the hospital's records, as its own people see it. */
export async function recordsOf<T extends Kept>(world: World, type: T['resourceType'], query: string): Promise<T[]> {
  const bundle = await hospitalOf(world).get<Bundle<T>>(`/sandbox/records/${type}?${query}&_count=200`);
  return (bundle.entry ?? []).flatMap((entry) => entry.resource ?? []);
}

/** The hospital's copy of the referral's Task, once it has this status. */
export async function taskWithStatus(world: World, placer: string, status: Task['status']): Promise<Task> {
  return eventually(`the hospital's Task says "${status}"`, async () => {
    const [task] = await recordsOf<Task>(world, 'Task', `identifier=${encodeURIComponent(placer)}`);
    return task?.status === status && task;
  });
}
