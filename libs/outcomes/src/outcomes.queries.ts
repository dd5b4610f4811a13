import { Injectable } from '@nestjs/common';
import { audit, type Tx } from '@cairn/platform';
import { factsOf, type AssessmentFacts } from './assessment-facts.js';
import { Assessment } from './assessment.entity.js';
import type { AssessmentState } from './assessment.workflow.js';
import { alertFacts, type SafetyAlertFacts } from './safety-alert-facts.js';
import { SafetyAlert } from './safety-alert.entity.js';
import type { SafetyAlertState } from './safety-alert.workflow.js';

/** One page of a list. `next` names where the following page begins; absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

interface Listing<State> {
  readonly patient?: string | undefined;
  readonly state?: State | 'open' | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

const pageOf = <Row extends { id: string }, Item>(rows: Row[], limit: number, item: (row: Row) => Item): Page<Item> => {
  const kept = rows.slice(0, limit);
  const last = rows.length > limit ? kept.at(-1) : undefined;
  return { items: kept.map(item), ...(last ? { next: last.id } : {}) };
};

/** Lists of assessments and of safety alerts, bounded and paged. */
@Injectable()
export class OutcomeLists {
  /** Newest first. `open` means requested or reminded. */
  async assessments(tx: Tx, { patient, state, after, limit }: Listing<AssessmentState>): Promise<Page<AssessmentFacts>> {
    const rows = await tx.em.find(
      Assessment,
      {
        clinicId: tx.scope.clinicId,
        ...(patient ? { patientId: patient } : {}),
        ...(state === 'open' ? { state: { $in: ['requested', 'reminded'] } } : state ? { state } : {}),
        ...(after ? { id: { $lt: after } } : {}),
      },
      { orderBy: { id: 'desc' }, limit: limit + 1 },
    );
    await this.#audit(tx, 'assessment.list', rows);
    return pageOf(rows, limit, factsOf);
  }

  /** Oldest first: who has waited longest stands on top. `open` means that nobody has acknowledged. */
  async alerts(tx: Tx, { patient, state, after, limit }: Listing<SafetyAlertState>): Promise<Page<SafetyAlertFacts>> {
    const rows = await tx.em.find(
      SafetyAlert,
      {
        clinicId: tx.scope.clinicId,
        ...(patient ? { patientId: patient } : {}),
        ...(state === 'open' ? { state: { $in: ['raised', 'escalated'] } } : state ? { state } : {}),
        ...(after ? { id: { $gt: after } } : {}),
      },
      { orderBy: { id: 'asc' }, limit: limit + 1 },
    );
    await this.#audit(tx, 'safety-alert.list', rows);
    return pageOf(rows, limit, (row) => alertFacts(row, tx.scope.actor));
  }

  async #audit(tx: Tx, what: string, rows: readonly { patientId: string }[]): Promise<void> {
    await audit(tx, { action: 'read', what, patients: [...new Set(rows.map(({ patientId }) => patientId))] });
  }
}
