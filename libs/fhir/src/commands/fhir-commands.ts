import { conflict, forbidden } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { Owner } from '../store/stored-version.js';

/** One write that came over /fhir and has been made in the present transaction. */
export interface FhirWrite {
  readonly interaction: 'create' | 'update' | 'delete';
  readonly type: ResourceType;
  readonly id: string;
  readonly version: number;
  /** The resource as it is stored now; absent after a deletion. */
  readonly resource?: Resource;
  /** As it was before; absent for a creation. */
  readonly previous?: Resource;
  /** Whose word counted before the write. */
  readonly owner: Owner;
}

/**
 * A feature that must hear of what outside systems write: a write is a command, which its workflow accepts or refuses. Who acts is in the
 * transaction's scope.
 */
export interface FhirCommandHandler {
  /** Names the feature in errors at boot. */
  readonly name: string;
  readonly types: readonly ResourceType[];
  /** Types of which outside systems may ask to change resources that Cairn owns. `handle` decides on each. */
  readonly changesOwned?: readonly ResourceType[];
  /**
   * Called once for each transaction with all its writes of the handler's types, in the order in which they were made. Throws a
   * CairnError to refuse them, which undoes the whole transaction; may write more through FhirStore.
   */
  handle(tx: Tx, writes: readonly FhirWrite[]): Promise<void>;
}

/** The features that hear of writes. They register when their module starts. */
export class FhirCommands {
  readonly #handlers: FhirCommandHandler[] = [];
  readonly #types = new Map<ResourceType, readonly string[]>();

  /** Refuses a second handler of the same name, and a second one for owned resources of the same type. */
  register(handler: FhirCommandHandler): void {
    if (this.#handlers.some(({ name }) => name === handler.name)) throw new Error(`The FHIR commands of ${handler.name} are registered twice.`);
    for (const type of handler.changesOwned ?? []) {
      if (!handler.types.includes(type)) throw new Error(`${handler.name} lets owned ${type} change without hearing of it.`);
      if (this.#ownerOf(type)) throw new Error(`Two features let owned ${type} change: ${this.#ownerOf(type)?.name} and ${handler.name}.`);
    }
    this.#handlers.push(handler);
    for (const type of handler.types) this.#types.set(type, [...(this.#types.get(type) ?? []), handler.name]);
  }

  /** Whether some feature decides on outside changes to owned resources of the type. */
  decidesOn(type: ResourceType): boolean {
    return this.#ownerOf(type) !== undefined;
  }

  /**
   * Refuses a change to a resource that Cairn owns: 403 when no feature lets anybody change it, 428 when the caller doesn't say which
   * version it read.
   */
  demandOwnership(type: ResourceType, ifMatch: number | undefined): void {
    if (!this.decidesOn(type)) {
      throw forbidden(`This ${type} is kept by Cairn and can't be changed from outside.`, { code: 'owned-by-cairn' });
    }
    if (ifMatch === undefined) {
      throw conflict(`This ${type} is kept by Cairn. Read it, and send its ETag as If-Match with the change.`, { status: 428, code: 'version-required' });
    }
  }

  /** Lets every feature concerned decide on the writes. */
  async run(tx: Tx, writes: readonly FhirWrite[]): Promise<void> {
    for (const handler of this.#handlers) {
      const concerned = writes.filter(({ type }) => handler.types.includes(type));
      if (concerned.length > 0) await handler.handle(tx, concerned);
    }
  }

  /** The types that some feature hears of, with the features' names. */
  get types(): ReadonlyMap<ResourceType, readonly string[]> {
    const types = new Map<ResourceType, string[]>();
    for (const { name, types: heard } of this.#handlers) for (const type of heard) types.set(type, [...(types.get(type) ?? []), name]);
    return types;
  }

  #ownerOf(type: ResourceType): FhirCommandHandler | undefined {
    return this.#handlers.find(({ changesOwned }) => changesOwned?.includes(type));
  }
}
