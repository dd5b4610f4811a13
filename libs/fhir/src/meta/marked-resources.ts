import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import { Bindings } from '../search/bindings.js';
import { listedSql } from '../search/listed-sql.js';

/** How many different marks are looked for, at most. */
const MOST_MARKS = 1000;

/** The search parameters that find profiles, security labels and tags. */
const MARKS = ['_profile', '_security', '_tag'];

/**
 * For each profile, security label and tag that resources of these types bear, one resource that bears it, of those the caller may list. Read from
 * the index; the resources themselves are looked at only where scopes cover part of a type.
 */
export async function markedResources(tx: Tx, policy: AccessPolicy, references: References, types: readonly string[]): Promise<{ json: string }[]> {
  const whole = types.filter((type) => policy.listing(type) === undefined);
  const partly = types.filter((type) => policy.listing(type) !== undefined);
  const bindings = new Bindings();
  const clinic = bindings.add(tx.scope.clinicId);
  const context = { bindings, references, clinic, now: tx.clock.now(), restrictionOf: () => undefined };
  const rows = (of: readonly string[]): string => `fhir_token t where t.clinic_id = ${clinic} and t.source = any(${bindings.add(of.flatMap(sourcesOf))}::int[])`;
  const resource = `exists (select from fhir_resource r where r.clinic_id = ${clinic} and r.seq = t.seq and`;
  const marks = [
    `select t.source, t.code, t.system, min(t.seq) as seq from ${rows(whole)} group by t.source, t.code, t.system`,
    ...(partly.length > 0 ? [`select t.source, t.code, t.system, min(t.seq) as seq from ${rows(partly)} and ${resource} ${listedSql(partly, policy, context)}) group by t.source, t.code, t.system`] : []),
  ];
  return tx.query<{ json: string }>({
    text: `select r.body as json from fhir_resource r where r.clinic_id = ${clinic} and r.method <> 'DELETE'
      and r.seq in (select seq from (${marks.join(' union all ')}) m order by m.source, m.code, m.system limit ${MOST_MARKS})`,
    values: bindings.values,
  });
}

function sourcesOf(type: string): number[] {
  return MARKS.flatMap((code) => {
    const parameter = typeIndex(type).parameters.get(code);
    return parameter?.kind === 'token' || parameter?.kind === 'uri' ? parameter.sources.map(({ id }) => id) : [];
  });
}
