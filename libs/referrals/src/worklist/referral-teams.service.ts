import { Injectable } from '@nestjs/common';
import { conflict, invalid, newId, notFound } from '@cairn/kernel';
import { Transactions, audit, expectVersion, type Scope, type Tx } from '@cairn/platform';
import type { Discipline } from '@cairn/people';
import type { Pathway } from '../referral.settings.js';

interface TeamMember {
  readonly personId: string;
  readonly name: string;
}

/** Who the team is and which accepted referrals come to it. */
export interface TeamWords {
  readonly name: string;
  readonly disciplines: readonly Discipline[];
  readonly pathways: readonly Pathway[];
  readonly members: readonly TeamMember[];
}

/** A team of the clinic. The pool is everybody's: referrals that no other team takes are its. */
export interface Team extends TeamWords {
  readonly id: string;
  readonly pool: boolean;
  readonly version: number;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly pool: boolean;
  readonly disciplines: Discipline[];
  readonly pathways: Pathway[];
  readonly version: number;
  readonly members: TeamMember[];
}

const POOL_NAME = 'Coordinators';
const MOST_TEAMS = 100;

const SELECT = `select t.id, t.name, t.pool, t.disciplines, t.pathways, t.version,
  coalesce((select json_agg(json_build_object('personId', m.person_id, 'name', m.person_name) order by m.person_name, m.person_id)
    from referral_team_member m where m.clinic_id = t.clinic_id and m.team_id = t.id), '[]') as members from referral_team t`;

/** The clinic's teams, and which referrals are whose. */
@Injectable()
export class ReferralTeams {
  constructor(private readonly transactions: Transactions) {}

  /** The pool that owns what nobody else does; made when it is first asked for. */
  async pool(tx: Tx): Promise<string> {
    const known = await this.#pool(tx);
    if (known) return known;
    await tx.query(`insert into referral_team (clinic_id, id, name, pool, disciplines, pathways) values ($1, $2, $3, true, '{}', '{}') on conflict do nothing`, [tx.scope.clinicId, newId(), POOL_NAME]);
    const made = await this.#pool(tx);
    if (!made) throw new Error(`The clinic has a team named ${POOL_NAME} that is not its pool.`);
    return made;
  }

  /** The teams that the person is a member of; the pool where it is none. */
  async ofPerson(tx: Tx, personId: string): Promise<string[]> {
    const rows = await tx.query<{ team_id: string }>({
      name: 'referral-teams-of-person',
      text: `select team_id from referral_team_member where clinic_id = $1 and person_id = $2 order by team_id limit ${MOST_TEAMS}`,
      values: [tx.scope.clinicId, personId],
    });
    return rows.length > 0 ? rows.map((row) => row.team_id) : [(await this.#pool(tx)) ?? []].flat();
  }

  /** Refuses, naming the field, a team that the clinic has not. */
  async demand(tx: Tx, teamId: string, path: string): Promise<void> {
    const [row] = await tx.query('select 1 from referral_team where clinic_id = $1 and id = $2', [tx.scope.clinicId, teamId]);
    if (!row) throw invalid('The team is not known here.', { issues: [{ path, message: 'Must be the id of a team of this clinic.' }] });
  }

  /** The member of any team with this subject. */
  async member(tx: Tx, personId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ person_name: string }>('select person_name from referral_team_member where clinic_id = $1 and person_id = $2 limit 1', [tx.scope.clinicId, personId]);
    return row?.person_name;
  }

  /** Gives an accepted referral to the team whose rule it meets, by discipline before pathway, unless a person chose one. */
  async place(tx: Tx, referralId: string): Promise<void> {
    await tx.query(
      `update referral r set team_id = t.id, version = r.version + 1 from (
         select t.id from referral_team t, referral x where t.clinic_id = $1 and x.clinic_id = $1 and x.id = $2
           and (x.discipline = any(t.disciplines) or x.pathway = any(t.pathways))
           order by (x.discipline = any(t.disciplines)) is true desc, t.name limit 1) t
       where r.clinic_id = $1 and r.id = $2 and not r.team_chosen and r.settled_at is null and r.team_id <> t.id`,
      [tx.scope.clinicId, referralId],
    );
  }

  async list(scope: Scope): Promise<Team[]> {
    return this.transactions.run(scope, async (tx) => {
      await this.pool(tx);
      const rows = await tx.query<Row>(`${SELECT} where t.clinic_id = $1 order by t.pool desc, t.name limit ${MOST_TEAMS}`, [scope.clinicId]);
      return rows;
    });
  }

  /** Makes a team. Refuses a name that is taken, and more teams than a clinic can oversee. */
  async create(scope: Scope, words: TeamWords): Promise<Team> {
    return this.transactions.run(scope, async (tx) => {
      await this.pool(tx);
      await this.#demandName(tx, words.name, null);
      const [count] = await tx.query<{ count: number }>('select count(*)::int as count from referral_team where clinic_id = $1', [scope.clinicId]);
      if ((count?.count ?? 0) >= MOST_TEAMS) throw conflict(`A clinic has at most ${MOST_TEAMS} teams.`, { code: 'team.limit' });
      const id = newId();
      await tx.query(`insert into referral_team (clinic_id, id, name, pool, disciplines, pathways) values ($1, $2, $3, false, $4, $5)`, [scope.clinicId, id, words.name, words.disciplines, words.pathways]);
      return this.#written(tx, id, words, 'create');
    });
  }

  /** Changes a team. The pool keeps taking what no other team takes: it has no rules of its own. */
  async change(scope: Scope, id: string, words: TeamWords, version: number | undefined): Promise<Team> {
    return this.transactions.run(scope, async (tx) => {
      const [row] = await tx.query<{ version: number; pool: boolean }>('select version, pool from referral_team where clinic_id = $1 and id = $2 for update', [scope.clinicId, id]);
      if (!row) throw notFound('The team');
      expectVersion(version, row.version);
      if (row.pool && words.disciplines.length + words.pathways.length > 0) {
        throw invalid('The pool takes what no other team takes.', { issues: [{ path: words.disciplines.length > 0 ? 'disciplines' : 'pathways', message: 'Leave it empty for the pool.' }] });
      }
      await this.#demandName(tx, words.name, id);
      await tx.query('update referral_team set name = $3, disciplines = $4, pathways = $5, version = version + 1 where clinic_id = $1 and id = $2', [scope.clinicId, id, words.name, words.disciplines, words.pathways]);
      return this.#written(tx, id, words, 'update');
    });
  }

  async #pool(tx: Tx): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>({ name: 'referral-team-pool', text: 'select id from referral_team where clinic_id = $1 and pool', values: [tx.scope.clinicId] });
    return row?.id;
  }

  async #written(tx: Tx, id: string, words: TeamWords, action: 'create' | 'update'): Promise<Team> {
    const { clinicId } = tx.scope;
    await tx.query('delete from referral_team_member where clinic_id = $1 and team_id = $2', [clinicId, id]);
    await tx.query(
      `insert into referral_team_member (clinic_id, team_id, person_id, person_name)
       select $1, $2, m.person_id, m.person_name from unnest($3::text[], $4::text[]) as m (person_id, person_name) on conflict do nothing`,
      [clinicId, id, words.members.map(({ personId }) => personId), words.members.map(({ name }) => name)],
    );
    await audit(tx, { action, what: 'referral-team.write', entities: [`ReferralTeam/${id}`] });
    const [team] = await tx.query<Row>(`${SELECT} where t.clinic_id = $1 and t.id = $2`, [clinicId, id]);
    if (!team) throw new Error('A team that was just written is not there.');
    return team;
  }

  async #demandName(tx: Tx, name: string, except: string | null): Promise<void> {
    const [other] = await tx.query('select 1 from referral_team where clinic_id = $1 and name = $2 and id is distinct from $3::uuid', [tx.scope.clinicId, name, except]);
    if (other) throw conflict('There is a team of this name already.', { code: 'team.name', issues: [{ path: 'name', message: 'Choose a name that no other team has.' }] });
  }
}
