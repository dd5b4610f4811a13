import type { OperationTarget } from '../operations/fhir-operations.js';
import { idIn, typeIn, type FhirRequest } from './fhir-request.js';

/** An operation as a URL names it: `$export`, `Patient/$match`, `Patient/1/$everything`. */
export interface NamedOperation {
  readonly name: string;
  readonly target: OperationTarget;
}

/** The operation that a request asks for; undefined where its URL names none. Refuses a type or an id that can't be. */
export function operationOf({ path }: FhirRequest): NamedOperation | undefined {
  const last = path.at(-1);
  if (!last?.startsWith('$') || path.length > 3) return undefined;
  const name = last.slice(1);
  if (path.length === 1) return { name, target: { level: 'system' } };
  const type = typeIn(path[0]);
  return { name, target: path.length === 2 ? { level: 'type', type } : { level: 'instance', type, id: idIn(path[1]) } };
}
