import { Injectable } from '@nestjs/common';
import { invalid, newId } from '@cairn/kernel';
import { Practitioners } from '@cairn/people';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { demandDeed } from '../actions/referral-outlook.js';
import type { Referral } from '../referral.entity.js';
import { ReferralMoves } from '../referral-moves.service.js';
import { ReferralClaims, personOf } from './referral-claims.service.js';
import { ReferralFacets } from './referral-facets.service.js';
import { ReferralTeams } from './referral-teams.service.js';

/** Who shall have the referral: a person, or a team whose members find it among theirs. */
export type Recipient = { readonly personId: string } | { readonly teamId: string };

export interface Routing {
  readonly teamId?: string | undefined;
  readonly discipline?: string | null | undefined;
  readonly programme?: string | null | undefined;
}

/** One line of who had the referral. */
export interface Assignment {
  readonly kind: 'assign' | 'hand-over' | 'route';
  readonly at: Date;
  readonly by: string;
  readonly to: { readonly person: string | null; readonly team: string };
  readonly note: string | null;
}

/** Gives referrals to people and teams. Who had one, when and why stays written down. */
@Injectable()
export class ReferralHandover {
  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly teams: ReferralTeams,
    private readonly claims: ReferralClaims,
    private readonly facets: ReferralFacets,
    private readonly practitioners: Practitioners,
  ) {}

  /** Gives the referral to a person or a team. */
  async assign(scope: Scope, id: string, to: Recipient, version?: number): Promise<void> {
    await this.transactions.run(scope, async (tx) => this.give(tx, await this.moves.lock(tx, id, version), to, 'assign', null));
  }

  /** Hands it over with a note; one's own claim ends. */
  async handOver(scope: Scope, id: string, to: Recipient, note: string, version?: number): Promise<void> {
    await this.transactions.run(scope, async (tx) => this.give(tx, await this.moves.lock(tx, id, version), to, 'hand-over', note));
  }

  /** The same inside a transaction. Refuses where the referral is over, where somebody else has it in hands, and recipients that the clinic has not. */
  async give(tx: Tx, referral: Referral, to: Recipient, kind: 'assign' | 'hand-over', note: string | null): Promise<void> {
    await demandDeed(tx, referral, kind);
    if ('teamId' in to) {
      await this.teams.demand(tx, to.teamId, 'to.teamId');
      Object.assign(referral, { ownerId: null, ownerName: null, teamId: to.teamId, teamChosen: true });
    } else {
      Object.assign(referral, { ownerId: to.personId, ownerName: await this.#nameOf(tx, to.personId) });
    }
    if (kind === 'hand-over') await this.claims.releaseIn(tx, referral.id);
    await this.#write(tx, referral, kind, note);
  }

  /** Says which team, discipline and programme the referral is for. What is left out stays; a person's word holds against what the request says later. */
  async route(scope: Scope, id: string, { teamId, discipline, programme }: Routing, version?: number): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const referral = await this.moves.lock(tx, id, version);
      await demandDeed(tx, referral, 'route');
      if (teamId !== undefined) {
        await this.teams.demand(tx, teamId, 'teamId');
        Object.assign(referral, { teamId, teamChosen: true });
      }
      if (discipline !== undefined || programme !== undefined) referral.routingChosen = true;
      if (discipline !== undefined) referral.discipline = discipline;
      if (programme !== undefined) referral.programme = programme;
      await tx.flush();
      if (teamId === undefined && referral.acceptedAt) await this.teams.place(tx, id);
      await this.#write(tx, referral, 'route', null);
    });
  }

  /** Who had it, oldest first. */
  async history(scope: Scope, id: string): Promise<Assignment[]> {
    return this.transactions.run(scope, async (tx) => {
      const referral = await this.moves.lock(tx, id);
      const rows = await tx.query<{ kind: Assignment['kind']; happened_at: Date; by_name: string; to_person_name: string | null; team: string; note: string | null }>(
        `select a.kind, a.happened_at, a.by_name, a.to_person_name, t.name as team, a.note from referral_assignment a
         join referral_team t on t.clinic_id = a.clinic_id and t.id = a.team_id where a.clinic_id = $1 and a.referral_id = $2 order by a.id limit 200`,
        [scope.clinicId, id],
      );
      await audit(tx, { action: 'read', what: 'referral.assignments', entities: [`Task/${referral.taskId}`], patients: [referral.patientId] });
      return rows.map((row) => ({ kind: row.kind, at: row.happened_at, by: row.by_name, to: { person: row.to_person_name, team: row.team }, note: row.note }));
    });
  }

  async #nameOf(tx: Tx, personId: string): Promise<string> {
    const { actor } = tx.scope;
    const name = actor.kind === 'person' && actor.id === personId ? actor.name : ((await this.teams.member(tx, personId)) ?? (await this.practitioners.ofUser(tx, personId))?.display);
    if (name === undefined) throw invalid('This person is not known here.', { issues: [{ path: 'to.personId', message: 'Must be the subject of a member of a team or of a practitioner of this clinic.' }] });
    return name;
  }

  async #write(tx: Tx, referral: Referral, kind: Assignment['kind'], note: string | null): Promise<void> {
    await tx.flush();
    const person = personOf(tx);
    await tx.query(
      `insert into referral_assignment (clinic_id, id, referral_id, kind, happened_at, by_id, by_name, to_person_id, to_person_name, team_id, note)
       select $1, $2, r.id, $4, $5, $6, $7, r.owner_id, r.owner_name, r.team_id, $8 from referral r where r.clinic_id = $1 and r.id = $3`,
      [tx.scope.clinicId, newId(), referral.id, kind, tx.clock.now(), person.id, person.name, note],
    );
    if (note) await this.facets.note(tx, referral.id, note);
    await audit(tx, { action: 'update', what: `referral.${kind}`, entities: [`Task/${referral.taskId}`], patients: [referral.patientId], ...(note ? { purpose: note } : {}) });
  }
}
