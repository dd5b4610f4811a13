import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirAnswer, FhirRequest } from '../http/fhir-request.js';
import { notAllowed } from '../interactions/type-rules.js';

/** What an operation is asked of: the whole server, all resources of a type, or one of them. */
export type OperationTarget = { readonly level: 'system' } | { readonly level: 'type'; readonly type: ResourceType } | { readonly level: 'instance'; readonly type: ResourceType; readonly id: string };
export type OperationLevel = OperationTarget['level'];

/** An operation of /fhir beyond the interactions of REST, such as `$everything`. */
export interface FhirOperation {
  /** Without the `$`. */
  readonly name: string;
  /** The canonical address of its OperationDefinition, for the CapabilityStatement. */
  readonly definition: string;
  readonly levels: readonly OperationLevel[];
  /** The types that it is for; absent where it is for all. Means nothing at system level. */
  readonly types?: readonly ResourceType[];
  /** It changes something, so it is asked for by POST alone; others take GET as well. */
  readonly affectsState: boolean;
  /** Answers in the transaction that also audits what `touched` names. Demands the rights it needs, and refuses with a CairnError. */
  answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, request: FhirRequest): Promise<FhirAnswer>;
}

/** The operations that are offered. They register when their module starts; the CapabilityStatement lists them. */
export class FhirOperations {
  readonly #operations: FhirOperation[] = [];

  /** Refuses a second operation of the same name at the same level. One name may stand for several definitions, as `$export` does. */
  register(operation: FhirOperation): void {
    if (this.#operations.some(({ name, levels }) => name === operation.name && levels.some((level) => operation.levels.includes(level)))) {
      throw new Error(`The operation $${operation.name} is registered twice.`);
    }
    this.#operations.push(operation);
  }

  /** The operations offered for the whole server, or for a type and its resources. */
  offered(type?: ResourceType): readonly FhirOperation[] {
    return this.#operations.filter(({ levels, types }) => (type === undefined ? levels.includes('system') : levels.some((level) => level !== 'system') && (types?.includes(type) ?? true)));
  }

  /** Answers a request whose URL ends in `$name`. Refuses with 405 an operation that isn't offered there, or not by this method. */
  async answer(tx: Tx, policy: AccessPolicy, target: OperationTarget, name: string, request: FhirRequest): Promise<FhirAnswer> {
    const operation = this.#operations.find((each) => each.name === name && each.levels.includes(target.level) && (target.level === 'system' || (each.types?.includes(target.type) ?? true)));
    if (!operation) throw notAllowed('This operation is not offered here. The CapabilityStatement lists those that are.');
    const { method } = request;
    if (method !== 'POST' && (operation.affectsState || (method !== 'GET' && method !== 'HEAD'))) throw notAllowed(`$${name} can't be asked for by ${method}.`);
    return operation.answer(tx, policy, target, request);
  }
}
