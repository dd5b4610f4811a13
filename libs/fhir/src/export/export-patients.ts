import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { FhirRequest } from '../http/fhir-request.js';
import { badParameter } from '../interactions/history-parameters.js';
import type { References } from '../search-index/references.js';
import { isDeleted, readCurrent } from '../store/stored-version.js';

/** How many patients one export may name. */
const MOST = 1000;

/**
 * The ids of the patients whom a kick-off names by `patient`, references in a Parameters resource (Bulk Data Access IG 2.0); undefined where it names none.
 * Refuses with 400 what is no reference to a Patient of this server, and patients who aren't here: for a hospital's system that holds for whom it doesn't share alike.
 */
export async function namedPatients(tx: Tx, policy: AccessPolicy, { body }: FhirRequest, references: References): Promise<string[] | undefined> {
  const parameters: readonly unknown[] = Array.isArray(body?.value['parameter']) ? body.value['parameter'] : [];
  const named = parameters.filter((each): each is { readonly valueReference?: { readonly reference?: unknown } } => isObject(each) && each['name'] === 'patient');
  if (named.length === 0) return undefined;
  if (named.length > MOST) throw badParameter('patient', `May be given ${MOST} times at most. Use a Group for more.`);
  const ids = named.map(({ valueReference }) => {
    const reference = valueReference?.reference;
    const local = typeof reference === 'string' ? references.local(reference) : undefined;
    if (local?.type !== 'Patient') throw badParameter('patient', 'Must be a reference such as Patient/123, as valueReference of a Parameters resource.');
    return local.id;
  });
  policy.demand('r', 'Patient');
  const found = await readCurrent(tx, ids.map((id) => ({ type: 'Patient', id })));
  const isHere = (id: string): boolean => {
    const patient = found.get(`Patient/${id}`);
    return patient !== undefined && !isDeleted(patient);
  };
  if (!ids.every(isHere)) throw badParameter('patient', 'Leads to a Patient who is not here.');
  return [...new Set(ids)].sort();
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
