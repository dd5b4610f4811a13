import { Injectable } from '@nestjs/common';
import { availableEvents, newId, notFound } from '@cairn/kernel';
import { Transactions, audit, type Scope } from '@cairn/platform';
import { cursorOf, placeIn } from '../worklist/worklist.js';
import { Authorisation, visitsLeft } from './authorisation.entity.js';
import { Authorisations } from './authorisations.service.js';
import { authorisationMachine, type AuthorisationState } from './authorisation.workflow.js';

/** An authorisation as people see it. */
export interface AuthorisationView {
  readonly id: string;
  readonly referralId: string;
  readonly state: AuthorisationState;
  readonly insurer: string;
  readonly service: string;
  readonly number: string | null;
  readonly askedAt: Date | null;
  readonly granted: { readonly from: string; readonly until: string; readonly visits: number | null } | null;
  readonly visitsUsed: number;
  readonly visitsLeft: number | null;
  readonly reason: string | null;
  readonly remindedAt: Date | null;
  readonly owner: string;
  readonly nextAction: string | null;
  readonly nextActionAt: Date | null;
  readonly version: number;
  readonly availableActions: readonly string[];
}

export interface AuthorisationPage {
  readonly items: readonly AuthorisationView[];
  readonly next?: string;
}

const MOST_OF_ONE = 100;

/** Reads authorisations, and counts visits that people tell of. */
@Injectable()
export class AuthorisationDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly authorisations: Authorisations,
  ) {}

  /** Those of one referral, oldest first. */
  async ofReferral(scope: Scope, referralId: string): Promise<AuthorisationView[]> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(Authorisation, { clinicId: scope.clinicId, referralId }, { orderBy: { id: 'asc' }, limit: MOST_OF_ONE });
      await audit(tx, { action: 'read', what: 'authorisation.list', patients: [...new Set(rows.map(({ patientId }) => patientId))] });
      return rows.map(viewOf);
    });
  }

  /** Open ones, what must happen first at the top. Refuses a cursor that is none. */
  async list(scope: Scope, { after, limit }: { readonly after?: string | undefined; readonly limit: number }): Promise<AuthorisationPage> {
    const place = after === undefined ? undefined : placeIn(after);
    return this.transactions.run(scope, async (tx) => {
      const ids = await tx.query<{ id: string; due: string }>(
        `select id, to_char(next_action_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as due from referral_authorisation
         where clinic_id = $1 and state <> 'closed' and (next_action_at, id) > ($2::timestamptz, $3::uuid) order by next_action_at, id limit $4`,
        [scope.clinicId, place?.[1] ?? '-infinity', place?.[2] ?? '00000000-0000-0000-0000-000000000000', limit + 1],
      );
      const kept = ids.slice(0, limit);
      const rows = await tx.em.find(Authorisation, { clinicId: scope.clinicId, id: { $in: kept.map(({ id }) => id) } });
      await audit(tx, { action: 'read', what: 'authorisation.list', patients: [...new Set(rows.map(({ patientId }) => patientId))] });
      const last = ids.length > limit ? kept.at(-1) : undefined;
      return { items: kept.flatMap(({ id }) => rows.filter((row) => row.id === id).map(viewOf)), ...(last ? { next: cursorOf([0, last.due, last.id]) } : {}) };
    });
  }

  async read(scope: Scope, id: string): Promise<AuthorisationView> {
    return this.transactions.run(scope, async (tx) => {
      const row = await tx.em.findOne(Authorisation, { clinicId: scope.clinicId, id });
      if (!row) throw notFound('The authorisation');
      await audit(tx, { action: 'read', what: 'authorisation.read', entities: [`Task/${id}`], patients: [row.patientId] });
      return viewOf(row);
    });
  }

  /** Counts a visit that no Appointment or Encounter tells of. */
  async visited(scope: Scope, id: string): Promise<AuthorisationView> {
    await this.transactions.run(scope, (tx) => this.authorisations.countVisit(tx, id, `told/${newId()}`));
    return this.read(scope, id);
  }
}

/** The row as people see it. */
export const viewOf = (row: Authorisation): AuthorisationView => ({
  id: row.id,
  referralId: row.referralId,
  state: row.state,
  insurer: row.insurer,
  service: row.service,
  number: row.number ?? null,
  askedAt: row.askedAt ?? null,
  granted: row.grantedFrom && row.grantedUntil ? { from: row.grantedFrom, until: row.grantedUntil, visits: row.visitsGranted ?? null } : null,
  visitsUsed: row.visitsUsed,
  visitsLeft: visitsLeft(row),
  reason: row.reason ?? null,
  remindedAt: row.remindedAt ?? null,
  owner: row.ownerName,
  nextAction: row.nextAction ?? null,
  nextActionAt: row.nextActionAt ?? null,
  version: row.version,
  availableActions: availableEvents(authorisationMachine, row.state, { byRule: false }),
});
