import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { invalid, newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Clinics, Transactions, audit, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { AUTHORISATION_RUNNING_OUT } from '../referral.events.js';
import { demandDeed } from '../actions/referral-outlook.js';
import { ReferralMoves } from '../referral-moves.service.js';
import { endOfGrant, nextOf, runsShort } from './authorisation.course.js';
import { Authorisation, visitsLeft } from './authorisation.entity.js';
import { authorisationTask, renewalTask } from './authorisation.fhir.js';
import { authorisationMachine, type AuthorisationEvent } from './authorisation.workflow.js';

/** What an authorisation is asked for. */
export interface Need {
  readonly insurer: string;
  readonly service: string;
}

export interface Grant {
  readonly number?: string | undefined;
  /** `YYYY-MM-DD`. */
  readonly from: string;
  readonly until: string;
  readonly visits?: number | undefined;
}

/** The pool that sees to authorisations until a person is named. */
const OWNER = 'Care coordinators';

/** The life of authorisations: every step changes row, log, FHIR face and audit together. */
@Injectable()
export class Authorisations {
  constructor(
    private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly clinics: Clinics,
    private readonly moves: ReferralMoves,
  ) {}

  /** Notes that the insurer's leave is needed. Refuses where the referral is over. */
  async open(scope: Scope, referralId: string, { insurer, service }: Need): Promise<Authorisation> {
    return this.transactions.run(scope, async (tx) => {
      const referral = await this.moves.lock(tx, referralId);
      await demandDeed(tx, referral, 'open-authorisation');
      const row = tx.em.create(Authorisation, {
        clinicId: scope.clinicId,
        id: newId(),
        referralId,
        patientId: referral.patientId,
        serviceRequestId: referral.serviceRequestId,
        state: authorisationMachine.initial,
        insurer,
        service,
        number: null,
        askedAt: null,
        grantedFrom: null,
        grantedUntil: null,
        visitsGranted: null,
        visitsUsed: 0,
        reason: null,
        nextAction: null,
        nextActionAt: null,
        dueAt: null,
        remindedAt: null,
        ownerName: scope.actor.kind === 'person' ? scope.actor.name : OWNER,
        openedAt: tx.clock.now(),
        version: 1,
      });
      tx.em.persist(row);
      await this.#arrange(tx, row);
      await tx.flush();
      await this.#log(tx, row, 'open', null, undefined);
      return row;
    });
  }

  async ask(scope: Scope, id: string, number: string | undefined, version: number | undefined): Promise<Authorisation> {
    return this.#act(scope, id, version, 'ask', undefined, (row, now) => Object.assign(row, { askedAt: now, remindedAt: null, reason: null, ...(number ? { number } : {}) }));
  }

  /** Writes down what the insurer grants. The count of visits begins anew. Refuses days out of order and days that are over. */
  async grant(scope: Scope, id: string, grant: Grant, version: number | undefined): Promise<Authorisation> {
    const { zone } = await this.clinics.get(scope.clinicId);
    if (grant.until < grant.from) throw invalid('The days are out of order.', { issues: [{ path: 'until', message: 'Must not be earlier than `from`.' }] });
    return this.#act(scope, id, version, 'grant', undefined, (row, now) => {
      if (endOfGrant(grant.until, zone) <= now) throw invalid('This grant is over already.', { issues: [{ path: 'until', message: 'Must be today or later.' }] });
      Object.assign(row, { grantedFrom: grant.from, grantedUntil: grant.until, visitsGranted: grant.visits ?? null, visitsUsed: 0, remindedAt: null, ...(grant.number ? { number: grant.number } : {}) });
    });
  }

  async deny(scope: Scope, id: string, reason: string, version: number | undefined): Promise<Authorisation> {
    return this.#act(scope, id, version, 'deny', reason, (row) => Object.assign(row, { reason }));
  }

  async close(scope: Scope, id: string, comment: string, version: number | undefined): Promise<Authorisation> {
    return this.#act(scope, id, version, 'close', comment, () => undefined);
  }

  /** Counts a visit, each source once. Reminds when few are left, and ends the grant with the last. Returns whether it was counted. */
  async countVisit(tx: Tx, id: string, source: string): Promise<boolean> {
    const row = await this.#lock(tx, id);
    const fresh = await tx.query(
      'insert into referral_authorisation_visit (clinic_id, authorisation_id, source, counted_at) values ($1, $2, $3, $4) on conflict do nothing returning 1 as one',
      [tx.scope.clinicId, id, source, tx.clock.now()],
    );
    if (fresh.length === 0 || row.state !== 'granted') return false;
    row.visitsUsed += 1;
    if (visitsLeft(row) === 0) await this.#move(tx, row, 'use-up', undefined);
    else await this.#settle(tx, row);
    return true;
  }

  /** The grant of this request that ends first. */
  async grantedFor(tx: Tx, serviceRequestId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>(
      `select id from referral_authorisation where clinic_id = $1 and service_request_id = $2 and state = 'granted' order by granted_until, id limit 1`,
      [tx.scope.clinicId, serviceRequestId],
    );
    return row?.id;
  }

  /** What time does: reminds before the grant runs out, and ends it when it has. Does nothing when it is not due any more. */
  async tick(tx: Tx, id: string): Promise<void> {
    const row = await this.#lock(tx, id);
    const now = tx.clock.now();
    if (row.state !== 'granted' || !row.dueAt || row.dueAt > now) return;
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    if (endOfGrant(row.grantedUntil ?? '', zone) <= now) await this.#move(tx, row, 'expire', undefined);
    else await this.#settle(tx, row);
  }

  async #act(scope: Scope, id: string, version: number | undefined, event: AuthorisationEvent, comment: string | undefined, change: (row: Authorisation, now: Date) => unknown): Promise<Authorisation> {
    return this.transactions.run(scope, async (tx) => {
      const row = await this.#lock(tx, id);
      expectVersion(version, row.version);
      await this.#move(tx, row, event, comment, change);
      return row;
    });
  }

  async #move(tx: Tx, row: Authorisation, event: AuthorisationEvent, comment: string | undefined, change: (row: Authorisation, now: Date) => unknown = () => undefined): Promise<void> {
    const from = row.state;
    row.state = nextState(authorisationMachine, from, event, { byRule: tx.scope.actor.kind === 'cairn' || event === 'use-up' });
    change(row, tx.clock.now());
    await this.#arrange(tx, row);
    await tx.flush();
    await this.#log(tx, row, event, from, comment);
    if (event === 'use-up' || event === 'expire') await this.#tell(tx, row);
  }

  /** A grant in its state: what is left was counted, or its time has come near. */
  async #settle(tx: Tx, row: Authorisation): Promise<void> {
    const rules = (await this.moves.settings(tx)).authorisations;
    const now = tx.clock.now();
    const remind = !row.remindedAt && (runsShort(row, rules) || (row.dueAt != null && row.dueAt <= now));
    if (remind) row.remindedAt = now;
    await this.#arrange(tx, row);
    await tx.flush();
    await this.#log(tx, row, remind ? 'remind' : 'visit', row.state, undefined);
    if (!remind) return;
    await this.store.create(tx, renewalTask(newId(), row, await this.#clinic(tx), row.nextActionAt ?? now, now));
    await this.#tell(tx, row);
  }

  async #tell(tx: Tx, row: Authorisation): Promise<void> {
    await tx.emit(AUTHORISATION_RUNNING_OUT, { authorisationId: row.id, referralId: row.referralId, patientId: row.patientId });
  }

  async #arrange(tx: Tx, row: Authorisation): Promise<void> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    Object.assign(row, nextOf(row, (await this.moves.settings(tx)).authorisations, zone, tx.clock.now()));
  }

  async #lock(tx: Tx, id: string): Promise<Authorisation> {
    const row = await tx.em.findOne(Authorisation, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw notFound('The authorisation');
    return row;
  }

  async #clinic(tx: Tx): Promise<{ reference: string; display: string }> {
    const { reference, clinicName } = await this.moves.settings(tx);
    return { reference, display: clinicName };
  }

  async #log(tx: Tx, row: Authorisation, event: string, from: string | null, comment: string | undefined): Promise<void> {
    const now = tx.clock.now();
    const { clinicId, actor } = tx.scope;
    await tx.query(
      `insert into referral_authorisation_transition (clinic_id, id, authorisation_id, event, from_state, to_state, happened_at, actor_kind, actor_id, comment) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [clinicId, newId(), row.id, event, from, row.state, now, actor.kind, actor.id, comment ?? null],
    );
    await this.store.put(tx, authorisationTask(row, await this.#clinic(tx), now));
    await audit(tx, { action: from === null ? 'create' : 'update', what: `authorisation.${event}`, entities: [`Task/${row.id}`], patients: [row.patientId], ...(comment ? { purpose: comment } : {}) });
  }
}
