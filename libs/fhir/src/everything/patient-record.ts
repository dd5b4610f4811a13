import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import { compartmentOf } from '../definitions/compartments.js';
import { resourceTypes } from '../definitions/structures.js';
import { hash53 } from '../search-index/hashes.js';
import type { References } from '../search-index/references.js';
import { Bindings } from '../search/bindings.js';
import type { SqlContext } from '../search/criterion-sql.js';
import { listedSql } from '../search/listed-sql.js';
import { statementName } from '../search/statement-names.js';
import { CURRENT_COLUMNS, type CurrentVersion } from '../store/stored-version.js';
import { careTimeSql, type CareTime } from './care-dates.js';
import { sideSourcesOf } from './compartment-sources.js';

/** The place of a resource in a patient's compartment. */
export interface CompartmentPlace {
  readonly type: string;
  readonly seq: number;
}

/** Which resources of a record are asked for. */
export interface RecordFilter {
  /** Only these types. */
  readonly types?: readonly string[];
  /** Only what was written since then. */
  readonly since?: Date;
  /** Only what tells of care in this time, as far as it says when that was. */
  readonly care?: CareTime;
}

/**
 * The record of one patient as the caller may see it: what belongs to the patient's compartment (R4 compartmentdefinition-patient.html),
 * and what that refers to.
 */
export class PatientRecord {
  constructor(
    private readonly tx: Tx,
    private readonly policy: AccessPolicy,
    private readonly references: References,
    private readonly patientId: string,
  ) {}

  /** A page of the compartment without the Patient itself, by type and number. */
  async compartment({ types, since, care }: RecordFilter, after: CompartmentPlace | undefined, limit: number): Promise<CurrentVersion[]> {
    const members = [...(compartmentOf('Patient')?.keys() ?? [])].filter((type) => types?.includes(type) ?? true);
    const { bindings, context } = this.#statement();
    const id = bindings.add(this.patientId);
    const own = `r.patient <> 0 and r.patient = ${bindings.add(hash53(this.patientId))} and ${id} = any(r.patient_ids)`;
    const side = `r.seq in (select t.seq from fhir_reference t where t.clinic_id = ${context.clinic} and t.source = any(${bindings.add(members.flatMap(sideSourcesOf))}::int[]) and t.target = ${bindings.add(`Patient/${this.patientId}`)})`;
    const common = [
      `r.clinic_id = ${context.clinic}`,
      `r.method <> 'DELETE'`,
      listedSql(members, this.policy, context),
      `not (r.resource_type = 'Patient' and r.id = ${id})`,
      ...(since ? [`r.last_updated >= ${bindings.add(since)}`] : []),
      ...(care ? [careTimeSql(members, care, context)] : []),
      ...(after ? [`(r.resource_type, r.seq) > (${bindings.add(after.type)}, ${bindings.add(after.seq)}::bigint)`] : []),
    ].join(' and ');
    const page = (condition: string): string => `(select r.* from fhir_resource r where ${common} and ${condition} order by r.resource_type, r.seq limit ${most})`;
    const most = bindings.add(limit);
    return this.#read(`select ${CURRENT_COLUMNS} from (${page(own)} union all ${page(`${side} and not (${own})`)}) r order by r.resource_type, r.seq limit ${most}`, bindings);
  }

  /** Which of these resources, by `Type/id`, may be had and belong to no patient, or to this one too. */
  async named(names: readonly string[]): Promise<CurrentVersion[]> {
    const { bindings, context } = this.#statement();
    const pairs = names.map((name) => name.split('/'));
    const text = `select ${CURRENT_COLUMNS} from fhir_resource r
      where r.clinic_id = ${context.clinic}
        and (r.resource_type, r.id) in (select * from unnest(${bindings.add(pairs.map(([type]) => type))}::text[], ${bindings.add(pairs.map(([, id]) => id))}::text[]))
        and r.method <> 'DELETE' and (r.patient_ids = '{}' or ${bindings.add(this.patientId)} = any(r.patient_ids))
        and ${listedSql([...resourceTypes()], this.policy, context)}`;
    return this.#read(text, bindings);
  }

  #statement(): { readonly bindings: Bindings; readonly context: SqlContext } {
    const bindings = new Bindings();
    return { bindings, context: { bindings, references: this.references, clinic: bindings.add(this.tx.scope.clinicId), now: this.tx.clock.now(), restrictionOf: () => undefined } };
  }

  #read(text: string, { values }: Bindings): Promise<CurrentVersion[]> {
    const name = statementName(text);
    return this.tx.query<CurrentVersion>({ text, values, ...(name ? { name } : {}) });
  }
}
