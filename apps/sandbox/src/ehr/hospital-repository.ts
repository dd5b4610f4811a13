import { AsyncLocalStorage } from 'node:async_hooks';
import type { SearchRequest, WithId } from '@medplum/core';
import { OperationOutcomeError, allOk, badRequest, created, globalSchema, multipleMatches, preconditionFailed, validateResource } from '@medplum/core';
import { MemoryRepository } from '@medplum/fhir-router';
import type { CreateResourceOptions, DeleteResourceOptions, UpdateResourceOptions } from '@medplum/fhir-router';
import type { Bundle, BundleEntry, OperationOutcome, Resource } from '@medplum/fhirtypes';
import type { Change } from './journal.js';

const PAGE_SIZE = 50;
const EVERYTHING = 1_000_000;

interface Step {
  change: Change;
  undo: () => Promise<void>;
}

/**
 * Medplum's in-memory repository with what a hospital needs besides: structural validation, versions that count 1, 2, 3,
 * transactions that really roll back, and news of every committed write.
 */
export class HospitalRepository extends MemoryRepository {
  private readonly versions = new Map<string, number>();
  private readonly transaction = new AsyncLocalStorage<Step[]>();
  private lastTransaction: Promise<unknown> = Promise.resolve();

  /** @param committed is told of each write, or each transaction's writes together, once they stand. */
  constructor(private readonly committed: (changes: Change[]) => void) {
    super();
  }

  override async createResource<T extends Resource>(resource: T, options?: CreateResourceOptions): Promise<WithId<T>> {
    const id = options?.assignedId && resource.id ? resource.id : this.generateId();
    return this.withTransaction(() => this.write({ ...resource, id }));
  }

  override async updateResource<T extends Resource>(resource: T, options?: UpdateResourceOptions): Promise<WithId<T>> {
    const { id } = resource;
    if (!id) throw new OperationOutcomeError(badRequest('Missing id', `${resource.resourceType}.id`));
    return this.withTransaction(async () => {
      if (options?.ifMatch !== undefined) await this.assertCurrent(resource.resourceType, id, options.ifMatch);
      return this.write({ ...resource, id });
    });
  }

  override async conditionalCreate<T extends Resource>(
    resource: T,
    search: SearchRequest<T>,
    options?: CreateResourceOptions,
  ): Promise<{ resource: WithId<T>; outcome: OperationOutcome }> {
    return this.withTransaction(async () => {
      const [found, another] = await this.searchResources<T>({ ...search, count: 2, sortRules: undefined });
      if (another) throw new OperationOutcomeError(multipleMatches);
      if (found) return { resource: found, outcome: allOk };
      return { resource: await this.createResource(resource, options), outcome: created };
    });
  }

  override async deleteResource(resourceType: string, id: string, options?: DeleteResourceOptions): Promise<void> {
    await this.withTransaction(async () => {
      const before = await this.allVersions(resourceType, id);
      await super.deleteResource(resourceType, id, options);
      this.accept({ change: { remove: `${resourceType}/${id}` }, undo: () => this.restore(resourceType, id, before) });
    });
  }

  /** Versions, newest first (FHIR R4, history). */
  override async readHistory<T extends Resource>(resourceType: string, id: string): Promise<Bundle<T>> {
    const history = await super.readHistory<T>(resourceType, id);
    const entry = history.entry?.toSorted((one, other) => versionOf(other) - versionOf(one));
    return { ...history, total: entry?.length ?? 0, ...(entry && { entry }) };
  }

  /** Searches one page. A parameter that the hospital does not know is refused: ignoring it could match too much. */
  override async search<T extends Resource>(request: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const known = globalSchema.types[request.resourceType]?.searchParams;
    for (const { code } of request.filters ?? []) {
      const parameter = code.split(/[.:]/)[0] ?? code;
      if (!known?.[parameter]) throw new OperationOutcomeError(badRequest(`${request.resourceType} has no search parameter "${code}" here`));
    }
    return super.search({ ...request, count: request.count ?? PAGE_SIZE });
  }

  /** Returns all resources of a type. */
  all<T extends Resource>(resourceType: T['resourceType']): Promise<WithId<T>[]> {
    return this.searchResources<T>({ resourceType, count: EVERYTHING });
  }

  /** Tells whether a resource is there. */
  async holds(resourceType: string, id: string): Promise<boolean> {
    return this.readResource(resourceType, id).then(() => true, () => false);
  }

  /**
   * Runs the callback so that all its writes stand or none does, and one transaction after the other. Every write is one,
   * if only of its own; what is called within a transaction belongs to it.
   */
  override withTransaction<R>(callback: (repository: this) => Promise<R>): Promise<R> {
    if (this.transaction.getStore()) return callback(this);
    const result = this.lastTransaction.then(() => this.transaction.run([], () => this.commitOrUndo(callback)));
    this.lastTransaction = result.catch(() => undefined);
    return result;
  }

  /** Takes over what an earlier run committed, versions and dates as they were, and tells nobody. */
  async replay(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      if ('put' in change) {
        const { put } = change;
        await this.withSeeding(() => super.createResource(put, undefined, true));
        this.versions.set(`${put.resourceType}/${put.id}`, Number(put.meta?.versionId));
      } else {
        const [resourceType = '', id = ''] = change.remove.split('/');
        await super.deleteResource(resourceType, id);
      }
    }
  }

  private async write<T extends Resource>(resource: T & { id: string }): Promise<WithId<T>> {
    const { resourceType, id } = resource;
    const reference = `${resourceType}/${id}`;
    const before = await this.allVersions(resourceType, id);
    const version = (this.versions.get(reference) ?? 0) + 1;
    const stamped = { ...resource, meta: { ...resource.meta, versionId: String(version), lastUpdated: new Date().toISOString() } };
    validateResource(stamped);
    // Seeding keeps the version and date that we set.
    const put = await this.withSeeding(() => super.createResource<T>(stamped, undefined, true));
    this.versions.set(reference, version);
    this.accept({ change: { put }, undo: () => this.restore(resourceType, id, before) });
    return put;
  }

  private async assertCurrent(resourceType: string, id: string, versionId: string): Promise<void> {
    const current = await this.readResource(resourceType, id);
    if (current.meta?.versionId !== versionId) throw new OperationOutcomeError(preconditionFailed);
  }

  private async commitOrUndo<R>(callback: (repository: this) => Promise<R>): Promise<R> {
    const steps = this.transaction.getStore() ?? [];
    try {
      const result = await callback(this);
      if (steps.length) this.committed(steps.map((step) => step.change));
      return result;
    } catch (error) {
      for (const step of steps.reverse()) await step.undo();
      throw error;
    }
  }

  private accept(step: Step): void {
    this.transaction.getStore()?.push(step);
  }

  /** Oldest first; none when the resource is not there. */
  private async allVersions(resourceType: string, id: string): Promise<WithId<Resource>[]> {
    if (!this.versions.has(`${resourceType}/${id}`)) return [];
    const history = await this.readHistory<WithId<Resource>>(resourceType, id).catch(() => undefined);
    return (history?.entry ?? []).flatMap((entry) => entry.resource ?? []).reverse();
  }

  private async restore(resourceType: string, id: string, versions: readonly WithId<Resource>[]): Promise<void> {
    await this.expungeResource(resourceType, id);
    this.versions.delete(`${resourceType}/${id}`);
    await this.replay(versions.map((put) => ({ put })));
  }
}

function versionOf(entry: BundleEntry): number {
  return Number(entry.resource?.meta?.versionId);
}
