import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import { rangeOf } from '../search-index/date-range.js';
import { systemHash, indexedCode } from '../search-index/index-rows.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import { Bindings } from '../search/bindings.js';
import { searchText } from '../search-index/search-text.js';
import { listedSql } from '../search/listed-sql.js';
import { CURRENT_COLUMNS, type CurrentVersion } from '../store/stored-version.js';
import type { Patient } from '@medplum/fhirtypes';
import { dayAndMonthExchanged } from './match-score.js';

/** How many patients one kind of likeness may bring, so that a common name stays cheap. */
const MOST_OF_A_KIND = 200;

/** Numbers of a Patient's index rows. */
function sourcesOf(code: string): number[] {
  const parameter = typeIndex('Patient').parameters.get(code);
  return parameter && parameter.kind !== 'composite' ? parameter.sources.map(({ id }) => id) : [];
}

/**
 * Patients who might be the one asked for, of those the caller may list: who share a namespaced identifier, a birth date (also with day and month
 * exchanged), a whole name, or an address of telecommunication. Each is found by an index.
 */
export async function candidates(tx: Tx, policy: AccessPolicy, references: References, asked: Patient): Promise<CurrentVersion[]> {
  const bindings = new Bindings();
  const clinic = bindings.add(tx.scope.clinicId);
  const rows = (table: string, code: string, condition: string): string =>
    `select t.patient, t.seq from ${table} t where t.clinic_id = ${clinic} and t.source = any(${bindings.add(sourcesOf(code))}::int[]) and ${condition}`;
  const kinds = [
    ...identifiers(asked).map(([system, value]) => rows('fhir_token', 'identifier', `t.code = ${bindings.add(indexedCode(value))} and t.system = ${bindings.add(systemHash(system))}`)),
    ...birthDates(asked).map(({ low, high }) => rows('fhir_date', 'birthdate', `t.low = ${bindings.add(new Date(low))} and t.high = ${bindings.add(new Date(high))}`)),
    ...wholeNames(asked).map(
      ([family, given]) =>
        `select f.patient, f.seq from (${rows('fhir_string', 'family', `t.value = ${bindings.add(family)}`)}) f
          where exists (${rows('fhir_string', 'given', `t.value = ${bindings.add(given)} and t.patient = f.patient and t.seq = f.seq`)})`,
    ),
    ...contacts(asked).map((value) => rows('fhir_token', 'telecom', `t.code = ${bindings.add(indexedCode(value))}`)),
  ];
  if (kinds.length === 0) return [];
  const context = { bindings, references, clinic, now: tx.clock.now(), restrictionOf: () => undefined };
  const most = bindings.add(MOST_OF_A_KIND);
  return tx.query<CurrentVersion>({
    text: `select ${CURRENT_COLUMNS} from fhir_resource r
      where r.clinic_id = ${clinic} and r.method <> 'DELETE' and r.seq in (${kinds.map((kind) => `select seq from (${kind} limit ${most}) k`).join(' union ')})
        and ${listedSql(['Patient'], policy, context)}`,
    values: bindings.values,
  });
}

/** More of one kind tell no more, and would only cost. */
const MOST_VALUES = 10;

const identifiers = ({ identifier = [] }: Patient): (readonly [string, string])[] =>
  identifier.flatMap(({ system, value }) => (system && value ? [[system, value] as const] : [])).slice(0, MOST_VALUES);

function birthDates({ birthDate = '' }: Patient) {
  return [...new Set([birthDate, dayAndMonthExchanged(birthDate)])].flatMap((date) => (date.length < 'YYYY-MM-DD'.length ? [] : (rangeOf(date) ?? [])));
}

const wholeNames = ({ name = [] }: Patient): (readonly [string, string])[] =>
  name.flatMap(({ family, given: [first] = [] }) => (family && first ? [[searchText(family), searchText(first)] as const] : [])).slice(0, MOST_VALUES);

const contacts = ({ telecom = [] }: Patient): string[] => telecom.flatMap(({ value }) => value ?? []).slice(0, MOST_VALUES);
