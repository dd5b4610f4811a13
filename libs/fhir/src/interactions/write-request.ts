import { CairnError } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import type { JsonObject } from '../lossless/read-body.js';
import type { FoundVersion } from '../store/stored-version.js';
import type { Note } from '../validation/fault.js';

/** A write as the caller asks for it, of its own or as an entry of a transaction. */
export interface WriteRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly type: ResourceType;
  /** The id that the URL names; none for a POST. */
  readonly id?: string;
  /** What to store; none for a PATCH or a DELETE. */
  readonly content?: JsonObject;
  /** What a PATCH makes of the resource's JSON. Refuses with 422 what can't be done to it. */
  readonly patch?: (json: string) => string;
  /** The version that the caller says it read. */
  readonly ifMatch?: number;
  /** An update that is to be made only where nothing is there yet. */
  readonly onlyNew?: boolean;
  /** Search parameters that single out one resource. A create is made only when nothing meets them; an update changes what does, or creates it; a patch changes what does; a deletion takes away what does. */
  readonly criteria?: string;
  /** Where the content stands in the request's body: empty, or `Bundle.entry[3].resource`. */
  readonly path: string;
}

/** A write that knows which resource it is about. */
export type NamedWrite = WriteRequest & { readonly id: string };

/** What came of a write. */
export interface Written {
  readonly status: 200 | 201 | 204;
  /** The version now in force; absent where nothing is. */
  readonly version?: FoundVersion;
  /** Further resources that a conditional deletion took away. */
  readonly others?: readonly FoundVersion[];
  /** What is to be told about the content that was stored. */
  readonly notes?: readonly Note[];
}

/** Runs a check, and puts the place in the body before the paths of what it refuses. */
export function within<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw placed(path, error);
  }
}

/** The error with the place in the body before its paths. */
export function placed(path: string, error: unknown): unknown {
  if (!(error instanceof CairnError) || path === '') return error;
  const issues = error.issues.length > 0 ? error.issues : [{ path: '', message: error.message }];
  return new CairnError(error.kind, error.message, {
    code: error.code,
    issues: issues.map((issue) => ({ ...issue, path: pathWithin(path, issue.path) })),
    ...(error.status === undefined ? {} : { status: error.status }),
    cause: error,
  });
}

/** The path of an element, `Task.status`, as it is in a body that has the resource at `place`. */
export const pathWithin = (place: string, path: string): string => (path === '' ? place : path.startsWith('[') ? `${place}${path}` : `${place}.${path.replace(/^[A-Z]\w*\./, '')}`);

/** What came of a conditional deletion, whose resources were deleted one by one. */
export function deletedTogether(each: readonly Written[]): Written {
  const [first, ...others] = each.flatMap(({ version }) => version ?? []);
  return first ? { status: 204, version: first, others } : { status: 204 };
}
