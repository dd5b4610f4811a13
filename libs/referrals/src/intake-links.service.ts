import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { CairnError, newId, notFound } from '@cairn/kernel';
import { clinicContact, linkToken } from '@cairn/people';
import { CONFIG, Clinics, Transactions, audit, cairnScope, type Clinic, type Config, type Scope, type Tx } from '@cairn/platform';
import type { IntakeLinkWish, LinkReferral } from './referral.acts.js';
import { IntakeLink } from './intake-link.entity.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralRegistration } from './referral-registration.service.js';

/** A link as people of the clinic see it. Its token is shown once, when it is made. */
export interface IntakeLinkView {
  readonly id: string;
  readonly kind: IntakeLink['kind'];
  readonly holder: string | null;
  readonly issuedAt: Date;
  readonly issuedBy: string;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly used: number;
}

/** Whether the link takes a referral now. */
export type LinkState = 'open' | 'used' | 'over' | 'busy';

export interface OpenedIntake {
  readonly clinic: Clinic;
  /** The clinic's name as it stands in messages. */
  readonly name: string;
  readonly kind: IntakeLink['kind'];
  readonly state: LinkState;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const unknownLink = (): CairnError => new CairnError('not-found', 'This link does not work: it may have expired, or not have been copied completely. Ask the clinic for a new one.', { code: 'intake.unknown-link' });

/** Gives out links for self-referral and for community workers, and takes in what comes by them. */
@Injectable()
export class IntakeLinks {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(CONFIG) private readonly config: Config,
    private readonly clinics: Clinics,
    private readonly moves: ReferralMoves,
    private readonly registration: ReferralRegistration,
  ) {}

  /** Makes a link. A patient's own takes one referral; a community worker's takes many, so many an hour at most. */
  async issue(scope: Scope, { kind, holder, days }: IntakeLinkWish): Promise<IntakeLinkView & { readonly url: string }> {
    return this.transactions.run(scope, async (tx) => {
      const { token, hash } = linkToken.make(scope.clinicId);
      const now = tx.clock.now();
      const row = tx.em.create(IntakeLink, {
        clinicId: scope.clinicId, id: newId(), tokenHash: hash, kind, holder: holder ?? null, issuedAt: now, issuedBy: 'name' in scope.actor ? scope.actor.name : scope.actor.id,
        expiresAt: new Date(now.getTime() + days * DAY_MS), revokedAt: null, used: 0, hourStartedAt: null, usedThisHour: 0,
      });
      await audit(tx, { action: 'create', what: 'intake-link.issue', entities: [`intake-link/${row.id}`] });
      return { ...viewOf(row), url: `${this.config.PUBLIC_URL}/refer/${token}` };
    });
  }

  /** The links, the newest first; a hundred at most. */
  async list(scope: Scope): Promise<IntakeLinkView[]> {
    return this.transactions.read(scope, async (tx) => (await tx.em.find(IntakeLink, { clinicId: scope.clinicId }, { orderBy: { id: 'desc' }, limit: 100 })).map(viewOf));
  }

  /** Takes the link back: it opens nothing any more. */
  async revoke(scope: Scope, id: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const row = await tx.em.findOne(IntakeLink, { clinicId: scope.clinicId, id });
      if (!row) throw notFound('The link');
      row.revokedAt ??= tx.clock.now();
      await audit(tx, { action: 'update', what: 'intake-link.revoke', entities: [`intake-link/${id}`] });
    });
  }

  /** What stands behind the token. Refuses with `not-found` one that is unknown or was taken back. */
  async open(token: string, correlationId: string): Promise<OpenedIntake> {
    return this.#with(token, correlationId, async (tx, link, clinic) => ({ clinic, name: clinicContact(clinic)?.neutralName ?? clinic.name, kind: link.kind, state: await this.#state(tx, link) }));
  }

  /** Takes in a referral by the link. Returns its state when it takes none now, and nothing was taken in; else whether an answer told of danger. */
  async refer(token: string, correlationId: string, said: LinkReferral): Promise<{ readonly state: LinkState; readonly danger: boolean }> {
    return this.#with(token, correlationId, async (tx, link) => {
      const state = await this.#state(tx, link);
      if (state !== 'open') return { state, danger: false };
      const now = tx.clock.now();
      const by = link.holder ?? 'The patient';
      await this.registration.registerIn(tx, { ...said, referrer: { name: by }, receivedBy: 'link', urgency: 'routine', receivedAt: now });
      link.used += 1;
      if (!link.hourStartedAt || now.getTime() - link.hourStartedAt.getTime() >= HOUR_MS) Object.assign(link, { hourStartedAt: now, usedThisHour: 0 });
      link.usedThisHour += 1;
      await tx.flush();
      return { state, danger: said.redFlags.some(({ present }) => present) };
    });
  }

  async #state(tx: Tx, link: IntakeLink): Promise<LinkState> {
    const now = tx.clock.now();
    if (now >= link.expiresAt) return 'over';
    if (link.kind === 'self') return link.used > 0 ? 'used' : 'open';
    const { intakeLinks } = await this.moves.settings(tx);
    const inHour = link.hourStartedAt && now.getTime() - link.hourStartedAt.getTime() < HOUR_MS ? link.usedThisHour : 0;
    return inHour >= intakeLinks.perHour ? 'busy' : 'open';
  }

  /** The link is locked meanwhile: what is for one use is used once, however often it is sent. */
  async #with<Result>(token: string, correlationId: string, act: (tx: Tx, link: IntakeLink, clinic: Clinic) => Promise<Result>): Promise<Result> {
    const clinicId = linkToken.clinicIn(token);
    const clinic = clinicId && (await this.clinics.find(clinicId));
    if (!clinic) throw unknownLink();
    return this.transactions.run(cairnScope(clinic.id, 'intake-link', correlationId), async (tx) => {
      const link = await tx.em.findOne(IntakeLink, { clinicId: clinic.id, tokenHash: linkToken.hash(token), revokedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!link) throw unknownLink();
      await audit(tx, { action: 'read', what: 'intake-link.open', entities: [`intake-link/${link.id}`] });
      return act(tx, link, clinic);
    });
  }
}

const viewOf = ({ id, kind, holder, issuedAt, issuedBy, expiresAt, revokedAt, used }: IntakeLink): IntakeLinkView => ({
  id, kind, holder: holder ?? null, issuedAt, issuedBy, expiresAt, revokedAt: revokedAt ?? null, used,
});
