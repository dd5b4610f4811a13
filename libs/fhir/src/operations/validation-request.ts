import { invalid } from '@cairn/kernel';
import type { FhirRequest } from '../http/fhir-request.js';

type Fields = Readonly<Record<string, unknown>>;

/** For what a resource is to be judged (R4 code system resource-validation-mode). */
export type ValidationMode = 'create' | 'update' | 'delete' | 'profile';

/** What a `$validate` asks. */
export interface ValidationRequest {
  /** Absent where the stored resource is meant. */
  readonly resource?: Fields;
  readonly mode?: ValidationMode;
  readonly profiles: readonly string[];
}

const MODES: readonly ValidationMode[] = ['create', 'update', 'delete', 'profile'];

const isMode = (text: string): text is ValidationMode => MODES.some((mode) => mode === text);
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads what a `$validate` asks, from its URL and its body, which is the resource itself or a Parameters resource with `resource`, `mode` and
 * `profile`. Refuses with 400 a mode that R4 doesn't know and parameters of the wrong kind.
 */
export function readValidationRequest({ query, body }: FhirRequest, type: string): ValidationRequest {
  const isWrapped = body?.value['resourceType'] === 'Parameters' && type !== 'Parameters';
  const listed = isWrapped ? body.value['parameter'] : undefined;
  const parameters = Array.isArray(listed) ? listed.filter(isFields) : [];
  const resource = isWrapped ? parameters.find(({ name }) => name === 'resource')?.['resource'] : body?.value;
  if (resource !== undefined && !isFields(resource)) throw bad('resource', 'Must be a resource.');
  const values = (name: string): string[] => [
    ...query.filter(([key]) => key === name).map(([, value]) => value),
    ...parameters.filter((parameter) => parameter['name'] === name).map((parameter) => textIn(parameter, name)),
  ];
  const mode = values('mode').at(-1);
  if (mode !== undefined && !isMode(mode)) throw bad('mode', `Must be one of ${MODES.join(', ')}.`);
  return { ...(resource ? { resource } : {}), ...(mode ? { mode } : {}), profiles: values('profile') };
}

function textIn(parameter: Fields, name: string): string {
  const [value] = Object.entries(parameter).flatMap(([key, each]) => (key.startsWith('value') ? [each] : []));
  if (typeof value !== 'string') throw bad(name, 'Must have a value that is text.');
  return value;
}

const bad = (path: string, message: string) => invalid('The parameters of $validate are wrong.', { code: 'bad-parameter', issues: [{ path, message }] });
