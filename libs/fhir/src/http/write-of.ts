import { invalid } from '@cairn/kernel';
import { versionIn } from '@cairn/platform';
import { demandInteraction } from '../interactions/type-rules.js';
import type { WriteRequest } from '../interactions/write-request.js';
import type { JsonObject } from '../lossless/read-body.js';
import { readPatch } from '../patch/read-patch.js';
import { idIn, methodNotAllowed, typeIn, type FhirRequest } from './fhir-request.js';

/** The write that a request asks for. Refuses a method that has no meaning at its URL. */
export function writeOf(request: FhirRequest, path: string): WriteRequest {
  const { method, headers } = request;
  const [first, second, ...rest] = request.path;
  const type = typeIn(first);
  if (rest.length > 0) throw methodNotAllowed(method);
  const ifMatch = versionIn(headers['if-match']);
  const common = { type, path, ...(ifMatch === undefined ? {} : { ifMatch }) };
  if (method === 'POST' && second === undefined) {
    demandInteraction(type, 'create');
    const criteria = headers['if-none-exist'] === undefined ? undefined : parametersAlone(headers['if-none-exist'], type);
    return { ...common, method, content: bodyOf(request), ...(criteria === undefined ? {} : { criteria }) };
  }
  if (method === 'PATCH') {
    demandInteraction(type, 'patch');
    const target = second === undefined ? { criteria: criteriaIn(request) } : { id: idIn(second) };
    return { ...common, method, ...target, patch: readPatch(request.operations ?? bodyOf(request)) };
  }
  if (method !== 'PUT' && method !== 'DELETE') throw methodNotAllowed(method);
  demandInteraction(type, method === 'PUT' ? 'update' : 'delete');
  const target = second === undefined ? { criteria: criteriaIn(request) } : { id: idIn(second) };
  if (method === 'DELETE') return { ...common, method, ...target };
  return { ...common, method, ...target, ...(isOnlyNew(headers['if-none-match']) ? { onlyNew: true } : {}), content: bodyOf(request) };
}

/** R4 has the parameters of a search alone in `If-None-Exist`; some clients send its whole address, `Patient?identifier=…`. */
function parametersAlone(criteria: string, type: string): string {
  const mark = criteria.indexOf('?');
  const address = criteria.slice(0, Math.max(mark, 0));
  return address === type || address.endsWith(`/${type}`) ? criteria.slice(mark + 1) : criteria;
}

/** Whether an update may only create. Refuses with 400 an `If-None-Match` that names versions: of a write it can't be told what that should mean. */
function isOnlyNew(ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.trim() === '*') return ifNoneMatch !== undefined;
  throw invalid('The If-None-Match header of an update can only be *.', { issues: [{ path: 'If-None-Match', message: 'Send * to create only, or If-Match with the version that you read.' }] });
}

/** The body of a request that needs one. Refuses with 400 where it is missing. */
export function bodyOf({ body }: FhirRequest): JsonObject {
  if (!body) throw invalid('The body is missing.', { code: 'body-missing' });
  return body;
}

const criteriaIn = ({ query }: FhirRequest): string => {
  const criteria = new URLSearchParams();
  for (const [name, value] of query) criteria.append(name, value);
  return criteria.toString();
};
