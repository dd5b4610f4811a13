import type { OpenWork, Tx } from '@cairn/platform';
import type { Task } from '@medplum/fhirtypes';
import type { FhirStore } from '../store/fhir-store.js';
import type { REFUSED_WRITE_STATES } from './refused-write.dto.js';
import rules from './refused-writes.json' with { type: 'json' };

/** What the Task of a refused write rests on: nothing of what was sent. */
export interface RefusedWriteTaskFacts {
  readonly id: string;
  readonly client: string;
  readonly target: string;
  readonly status: number;
  readonly firstAt: Date;
  /** `dropped` is one that had to go before anybody looked at it. */
  readonly state: (typeof REFUSED_WRITE_STATES)[number] | 'dropped';
  readonly decidedBy: string | null;
}

/** The columns of {@link RefusedWriteTaskFacts}. */
export const TASK_COLUMNS = `id, client_name as client, target, status, first_at as "firstAt", state, decided_by as "decidedBy"`;

const CODES = 'urn:cairn:code';
const STATUS = { kept: 'requested', replayed: 'completed', dismissed: 'completed', dropped: 'failed' } as const;
const WORD = { kept: 'Waits for somebody to look at it', replayed: 'Sent again and taken', dismissed: 'Set aside', dropped: 'Deleted before anybody looked at it' } as const;

const dueAt = (firstAt: Date): Date => new Date(firstAt.getTime() + rules.dueHours * 3_600_000);

/** A refused write as a Task for hospital IT and the coordinators, with its own id. */
function refusedWriteTask({ id, client, target, status, firstAt, state, decidedBy }: RefusedWriteTaskFacts, changedAt: Date): Task & { id: string } {
  return {
    resourceType: 'Task',
    id,
    identifier: [{ system: 'urn:cairn:refused-write', value: id }],
    status: STATUS[state],
    businessStatus: { coding: [{ system: CODES, code: state, display: WORD[state] }] },
    intent: 'order',
    priority: 'urgent',
    code: { coding: [{ system: CODES, code: 'refused-write', display: 'A refused write that may carry a referral' }] },
    description: `A ${target} from ${client} was refused (${status}). Look into it, then send it again or set it aside.`,
    authoredOn: firstAt.toISOString(),
    lastModified: changedAt.toISOString(),
    performerType: rules.performers.map(({ code, display }) => ({ coding: [{ system: CODES, code, display }] })),
    owner: { display: decidedBy ?? ownerName },
    restriction: { period: { end: dueAt(firstAt).toISOString() } },
  };
}

const ownerName = rules.performers.map(({ display }) => display).join(' and ');

/** Keeps a Task for each refused write: open while it waits, closed when it was replayed, dismissed or had to be deleted. */
export class RefusedWriteTasks {
  constructor(private readonly store: FhirStore) {}

  /** Brings the Task of a refused write to what the row says. */
  async follow(tx: Tx, id: string): Promise<void> {
    const [facts] = await tx.query<RefusedWriteTaskFacts & { id: string }>({ name: 'refused-write-task', text: `select ${TASK_COLUMNS} from refused_write where clinic_id = $1 and id = $2`, values: [tx.scope.clinicId, id] });
    if (facts) await this.store.put(tx, refusedWriteTask(facts, tx.clock.now()));
  }

  /** Closes the Tasks of those whose rows were deleted while they waited. */
  async close(tx: Tx, deleted: readonly RefusedWriteTaskFacts[]): Promise<void> {
    const waiting = deleted.filter(({ state }) => state === 'kept');
    const tasks = await this.store.readAll(tx, waiting.map(({ id }) => `Task/${id}`));
    for (const facts of waiting) {
      if (tasks.has(`Task/${facts.id}`)) await this.store.put(tx, refusedWriteTask({ ...facts, state: 'dropped' }, tx.clock.now()));
    }
  }
}

/** Refused writes that wait. Once its time is past, nobody can be said to look after one. */
export const openRefusedWrites: OpenWork = {
  kind: 'refused write',
  sql: `select id::text, case when first_at + interval '${rules.dueHours} hours' > $2 then '${ownerName}' end as owner, 'look into the refusal; replay or dismiss' as next_action,
    first_at + interval '${rules.dueHours} hours' as due_at from refused_write where clinic_id = $1 and state = 'kept'`,
};
