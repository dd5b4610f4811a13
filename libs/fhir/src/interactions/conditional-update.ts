import { conflict, invalid, notFound } from '@cairn/kernel';
import type { FoundVersion } from '../store/stored-version.js';
import { placed, type WriteRequest } from './write-request.js';

/**
 * What a conditional update comes down to once it is known what meets its criteria (R4 http.html#cond-update): the update of that resource, an
 * update-as-create where nothing does and the sender names an id, else a create; and a
 * conditional patch to the patch of that resource. Any other write stays as it is. Refuses with 400 a body that names another id than the
 * resource that meets the criteria, with 404 a patch whose criteria nothing meets, with 412 a change of a version that is named where nothing meets them.
 */
export function settled(request: WriteRequest, existing: FoundVersion | undefined): WriteRequest {
  if ((request.method !== 'PUT' && request.method !== 'PATCH') || request.criteria === undefined) return request;
  const id = request.content?.value['id'];
  if (existing) {
    if (id !== undefined && id !== existing.id) throw placed(request.path, otherId());
    return { ...request, id: existing.id };
  }
  if (request.method === 'PATCH') throw placed(request.path, notFound('A resource that meets the criteria'));
  if (request.ifMatch !== undefined) throw placed(request.path, nothingRead());
  return typeof id === 'string' ? { ...request, id } : { ...request, method: 'POST' };
}

const nothingRead = () => conflict('Nothing meets the criteria, so it is not at the version that you read.', { status: 412, code: 'stale-version' });

const otherId = () =>
  invalid('The id of the resource is not that of the one which meets the criteria.', { code: 'wrong-id', issues: [{ path: 'id', message: 'Leave it out, or name that resource.' }] });
