import { Inject, Injectable } from '@nestjs/common';
import { conflict } from '@cairn/kernel';
import { FhirStore, type FhirCommandHandler, type FhirWrite } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { ExtractResource, Resource, ResourceType, ServiceRequest, Task } from '@medplum/fhirtypes';
import { ReferralIntake } from './referral-intake.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { idIn, isAddressedHere, isReferralRequest, type Resolve } from './referral-recognition.js';
import { RECORD_TYPES, ReferralRecordWatch } from './referral-record-watch.service.js';
import { ReferralRequester } from './referral-requester.service.js';
import type { ReferralSettings } from './referral.settings.js';

type Placed<T extends Resource> = T & { readonly id: string };

/** Statuses in which a requester hands a Task over. One that is drafted waits; one that is under way or over is history and only stored. */
const HANDED_OVER: readonly Task['status'][] = ['requested', 'received'];

/** Listens to what outside systems write and recognises referrals, their changes and what bears on them. */
@Injectable()
export class ReferralCommands implements FhirCommandHandler {
  readonly name = 'referrals';
  readonly types: readonly ResourceType[] = ['ServiceRequest', 'Task', 'Communication', ...RECORD_TYPES];
  readonly changesOwned: readonly ResourceType[] = ['Task'];

  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly moves: ReferralMoves,
    private readonly intake: ReferralIntake,
    private readonly requester: ReferralRequester,
    private readonly watch: ReferralRecordWatch,
  ) {}

  /** Takes in what is new, moves what is known, or refuses all of it with the rule's name. */
  async handle(tx: Tx, writes: readonly FhirWrite[]): Promise<void> {
    const settings = await this.moves.settings(tx);
    const taken = new Set<string>();
    for (const write of writes.filter(({ type }) => type === 'Task')) await this.#task(tx, write, settings, taken);
    for (const write of writes.filter(({ type }) => type === 'ServiceRequest')) await this.#request(tx, write, settings, taken);
    await this.watch.see(tx, writes, taken);
  }

  /** `taken` collects the requests that a Task of the same transaction has brought in. */
  async #task(tx: Tx, write: FhirWrite, settings: ReferralSettings, taken: Set<string>): Promise<void> {
    const known = await this.requester.referralOfTask(tx, write.id);
    if (known) return this.requester.changedTask(tx, known, only('Task', write.previous), only('Task', write.resource));
    if (write.owner === 'cairn') {
      throw conflict('This Task is kept by Cairn and is no referral: it cannot be changed from outside.', { status: 403, code: 'owned-by-cairn' });
    }
    const task = placed(only('Task', write.resource));
    if (!task || !HANDED_OVER.includes(task.status)) return;
    const requestId = idIn(task.focus, 'ServiceRequest');
    const request = requestId === undefined ? undefined : placed(await this.store.find(tx, 'ServiceRequest', requestId));
    const addressed = await isAddressedHere(task, settings, this.#resolve(tx));
    if (!request) {
      if (!addressed) return;
      throw conflict('A referral Task needs the request that it asks to be carried out.', {
        status: 422,
        code: 'referral.focus',
        issues: [{ path: 'Task.focus', message: 'Refer to a ServiceRequest that was sent here, as ServiceRequest/<id>.' }],
      });
    }
    const referralId = await this.intake.known(tx, request);
    if (!referralId && !addressed && !(await isReferralRequest(request, settings, this.#resolve(tx)))) return;
    taken.add(request.id);
    if (referralId) await this.intake.adoptTask(tx, referralId, task);
    else await this.intake.receive(tx, request, { task });
  }

  async #request(tx: Tx, write: FhirWrite, settings: ReferralSettings, taken: Set<string>): Promise<void> {
    const request = placed(only('ServiceRequest', write.resource));
    const before = placed(only('ServiceRequest', write.previous));
    const subject = request ?? before;
    if (!subject || taken.has(subject.id)) return;
    const referralId = await this.intake.known(tx, subject);
    if (referralId) return this.requester.changedRequest(tx, referralId, before, request);
    if (!request || !(await isReferralRequest(request, settings, this.#resolve(tx)))) return;
    const tasks = await this.store.search(tx, 'Task', { focus: `ServiceRequest/${request.id}`, _count: '20' });
    const task = tasks.find(({ status }) => HANDED_OVER.includes(status));
    if (task || tasks.length === 0) await this.intake.receive(tx, request, { task });
    taken.add(request.id);
  }

  #resolve(tx: Tx): Resolve {
    return async (reference, holder) => {
      if (reference.startsWith('#')) return containedIn(holder).find((resource) => resource.id === reference.slice(1));
      return (await this.store.readAll(tx, [reference])).get(reference);
    };
  }
}

const containedIn = (holder: Resource): readonly Resource[] => ('contained' in holder ? (holder.contained ?? []) : []);

const only = <T extends ResourceType>(type: T, resource: Resource | undefined): ExtractResource<T> | undefined =>
  resource?.resourceType === type ? (resource as ExtractResource<T>) : undefined;

const placed = <T extends ServiceRequest | Task>(resource: T | undefined): Placed<T> | undefined =>
  resource?.id === undefined ? undefined : { ...resource, id: resource.id };
