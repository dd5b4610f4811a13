import { isResourceType } from '../definitions/structures.js';
import type { FhirRequest } from '../http/fhir-request.js';
import type { References } from '../search-index/references.js';

/** A resource that a request names. */
export interface Named {
  readonly type: string;
  readonly id: string;
}

/** How many resources named by one request the audit looks at. */
const MOST = 200;

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Parameters that say by an id alone whose resources are wanted. */
const PATIENT_PARAMETERS = /^(patient|subject|beneficiary|individual)(:Patient)?$/;

/** What a request names: the resource of its URL, the patients of its query, and those that its body refers to. */
export function namedBy({ path, query, body }: Pick<FhirRequest, 'path' | 'query' | 'body'>, references: References): Named[] {
  const [type = '', id = ''] = path;
  const target = isResourceType(type) && ID.test(id) ? [{ type, id }] : [];
  const sent = body ? references.patientsOf(body.value, '').filter((each) => each !== '') : [];
  return [...target, ...patientsAskedFor(type, query, references), ...sent.map((each) => ({ type: 'Patient', id: each }))].slice(0, MOST);
}

/** The patients that a search names by reference or by id. */
export function patientsAskedFor(type: string, query: FhirRequest['query'], references: References): Named[] {
  return query.flatMap(([name, value]) => {
    const byId = PATIENT_PARAMETERS.test(name) || (type === 'Patient' && name === '_id');
    return value.split(',').flatMap((each) => {
      const local = references.local(each);
      if (local?.type === 'Patient') return [local];
      return byId && ID.test(each) ? [{ type: 'Patient', id: each }] : [];
    });
  });
}
