import { audit, edgeError, type AuditFact, type Scope, type Transactions } from '@cairn/platform';
import type { FhirRequest } from '../http/fhir-request.js';
import type { References } from '../search-index/references.js';
import { nameOf } from '../store/stored-version.js';
import { namedBy } from './named-patients.js';

/** Answers that keep somebody from a record. */
const REFUSALS: readonly number[] = [403, 404, 410, 422];

/** Records who was refused what of whom, in a transaction of its own: that of the request is undone. */
export class RefusedAccess {
  constructor(
    private readonly transactions: Transactions,
    private readonly references: References,
  ) {}

  /** Records the refusal where what the request names belongs to a patient; the caller learns nothing of whether it does. */
  async record(scope: Scope, request: FhirRequest, fact: Pick<AuditFact, 'action' | 'what'>, error: unknown): Promise<void> {
    if (!REFUSALS.includes(edgeError(error).status)) return;
    const named = namedBy(request, this.references);
    if (named.length === 0) return;
    await this.transactions.run(scope, async (tx) => {
      const rows = await tx.query<{ patient: string }>({
        name: 'fhir-patients-named',
        text: 'select fhir_patients_named($1::text[], $2::text[]) as patient',
        values: [named.map(({ type }) => type), named.map(({ id }) => id)],
      });
      if (rows.length === 0) return;
      await audit(tx, { ...fact, entities: [...new Set(named.map(nameOf))], patients: rows.map(({ patient }) => patient), outcome: 'refused' });
    });
  }
}
