import type { Tx } from '@cairn/platform';

/** One version of a resource as it may leave the house: its JSON digit by digit, and who wrote it. */
export interface ExchangedVersion {
  readonly version: number;
  readonly lastUpdated: Date;
  /** Logical ids of all patients that it refers to. */
  readonly patientIds: readonly string[];
  readonly json: string;
  /** A hospital's system wrote this version over /fhir; else Cairn did. */
  readonly writtenOutside: boolean;
}

/** The versions above `above` and up to `upTo`, newest first, at most `count`. Deletions are left out. */
export async function readExchanged(
  tx: Tx,
  type: string,
  id: string,
  { above, upTo, count }: { readonly above: number; readonly upTo: number; readonly count: number },
): Promise<ExchangedVersion[]> {
  const part = (table: string): string => `
    select version, last_updated as "lastUpdated", patient_ids as "patientIds", body as "json", author like 'system:%' as "writtenOutside"
    from ${table} where clinic_id = $1 and resource_type = $2 and id = $3 and version > $4 and version <= $5 and method <> 'DELETE'`;
  return tx.query<ExchangedVersion>({
    name: 'fhir-exchanged',
    text: `${part('fhir_resource')} union all ${part('fhir_history')} order by version desc limit $6`,
    values: [tx.scope.clinicId, type, id, above, upTo, count],
  });
}
