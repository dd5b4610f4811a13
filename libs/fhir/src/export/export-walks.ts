import { hash53 } from '../search-index/hashes.js';
import type { SqlContext } from '../search/criterion-sql.js';
import { sideSourcesOf } from '../everything/compartment-sources.js';
import { ASSOCIATED_TYPES, sourcesTo } from './associated-types.js';

/** One way through the resources of a type that can be gone page by page along an index. */
export interface Walk {
  /** Columns of a resource `r` that order the way. */
  readonly order: readonly string[];
  /** The condition of lying on the way; undefined where every resource of the type does. */
  readonly condition?: (context: SqlContext) => string;
}

const BY_NUMBER = ['r.seq'];
/** As the index of patients has them, within one type. */
const BY_PATIENT = ['r.patient', 'r.resource_type', 'r.seq'];

/** How many patients of a Group are looked for at once. */
const PATIENTS_AT_ONCE = 100;

/** Through everything of the type. */
export const wholeType: Walk = { order: BY_NUMBER };

/** Through all of the type that belongs to some patient. */
export const allPatients: Walk = { order: BY_NUMBER, condition: () => `r.patient_ids <> '{}'` };

/** Through what belongs to the compartments of these patients, each resource once: what is about them, then what else refers to them. */
export function patientsOnly(type: string, patientIds: readonly string[]): Walk[] {
  const hashes = patientIds.map(hash53);
  const walks: Walk[] = [];
  for (let at = 0; at < patientIds.length; at += PATIENTS_AT_ONCE) {
    walks.push({
      order: BY_PATIENT,
      condition: ({ bindings }) =>
        `r.patient <> 0 and r.patient = any(${bindings.add(hashes.slice(at, at + PATIENTS_AT_ONCE))}::bigint[]) and r.patient_ids && ${bindings.add(patientIds.slice(at, at + PATIENTS_AT_ONCE))}::text[]`,
    });
  }
  const sources = sideSourcesOf(type);
  if (patientIds.length > 0 && sources.length > 0) {
    walks.push({
      order: BY_NUMBER,
      condition: ({ bindings, clinic }) => {
        const names = bindings.add(patientIds.map((id) => `Patient/${id}`));
        const rows = `select t.seq from fhir_reference t where t.clinic_id = ${clinic} and t.source = any(${bindings.add(sources)}::int[]) and t.target = any(${names}::text[])`;
        return `r.seq in (${rows}) and r.patient <> all(${bindings.add(hashes)}::bigint[])`;
      },
    });
  }
  return walks;
}

/**
 * Through those of an associated type that the compartments of these patients, or of all, refer to: by themselves or by another associated resource,
 * as a PractitionerRole leads to its Practitioner. None of another patient.
 */
export function referredTo(type: string, patientIds?: readonly string[]): Walk {
  return {
    order: BY_NUMBER,
    condition: ({ bindings, clinic }) => {
      const ids = patientIds && bindings.add(patientIds);
      const hashes = patientIds && bindings.add([0, ...patientIds.map(hash53)]);
      const associated = bindings.add(ASSOCIATED_TYPES);
      const ofPatients = (row: string): string => (ids === undefined ? `${row}.patient_ids <> '{}'` : `${row}.patient_ids && ${ids}::text[]`);
      const referring = (to: string, wanted: string, index: string, row: string, condition: string): string => `exists (select from fhir_reference ${index} join fhir_resource ${row} on ${row}.clinic_id = ${clinic} and ${row}.seq = ${index}.seq
        where ${index}.clinic_id = ${clinic} and ${index}.source = any(${wanted}::int[]) and ${index}.target = ${to}.name and ${condition})`;
      const ofPatient = (index: string): string => (hashes === undefined ? '' : ` and ${index}.patient = any(${hashes}::bigint[])`);
      const byMember = (to: string, wanted: string, index: string, row: string): string => referring(to, wanted, index, row, `${ofPatients(row)}${ofPatient(index)}`);
      const direct = byMember('r', bindings.add(sourcesTo(type)), 't', 's');
      const all = bindings.add([...new Set(ASSOCIATED_TYPES.flatMap(sourcesTo))]);
      const indirect = referring('r', bindings.add(sourcesTo(type)), 'u', 'v', `v.patient_ids = '{}' and v.resource_type = any(${associated}::text[]) and ${byMember('v', all, 'w', 'x')}`);
      return `(r.patient_ids = '{}' or ${ofPatients('r')}) and (${direct} or ${indirect})`;
    },
  };
}
