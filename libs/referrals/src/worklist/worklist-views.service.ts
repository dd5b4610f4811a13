import { Injectable } from '@nestjs/common';
import { conflict, newId, notFound } from '@cairn/kernel';
import { Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { personOf } from './referral-claims.service.js';
import { ReferralTeams } from './referral-teams.service.js';
import type { View, WorklistFilters } from './worklist.js';

/** A view with its filters, as a person names and keeps it. */
export interface SavedViewWords {
  readonly name: string;
  readonly view: View;
  readonly filters: WorklistFilters;
  readonly sharedWith: string | null;
}

export interface SavedView extends SavedViewWords {
  readonly id: string;
  readonly owner: { readonly id: string; readonly name: string };
  readonly version: number;
}

interface Row {
  readonly id: string;
  readonly person_id: string;
  readonly person_name: string;
  readonly name: string;
  readonly view: View;
  readonly filters: WorklistFilters;
  readonly team_id: string | null;
  readonly version: number;
}

const MOST_VIEWS = 50;
const COLUMNS = 'id, person_id, person_name, name, view, filters, team_id, version';

/** Views that people keep for themselves or share with a team. Only their owner changes them. */
@Injectable()
export class WorklistViews {
  constructor(
    private readonly transactions: Transactions,
    private readonly teams: ReferralTeams,
  ) {}

  /** One's own and those shared with one's teams, by name. */
  async list(scope: Scope): Promise<SavedView[]> {
    return this.transactions.run(scope, async (tx) => {
      const { id } = personOf(tx);
      const rows = await tx.query<Row>(
        `select ${COLUMNS} from referral_saved_view where clinic_id = $1 and person_id = $2
         union select ${COLUMNS.replace(/(\w+)/g, 'v.$1')} from referral_saved_view v where v.clinic_id = $1 and v.team_id = any($3::uuid[]) order by name, id limit 500`,
        [scope.clinicId, id, await this.teams.ofPerson(tx, id)],
      );
      return rows.map(savedView);
    });
  }

  /** Keeps a view. Refuses a name that the person has used, and more than fifty. */
  async create(scope: Scope, words: SavedViewWords): Promise<SavedView> {
    return this.transactions.run(scope, async (tx) => {
      const person = personOf(tx);
      const own = await tx.query<{ name: string }>('select name from referral_saved_view where clinic_id = $1 and person_id = $2', [scope.clinicId, person.id]);
      if (own.length >= MOST_VIEWS) throw conflict(`One person keeps at most ${MOST_VIEWS} views. Delete one first.`, { code: 'view.limit' });
      await this.#check(tx, words, own.map(({ name }) => name));
      const rows = await tx.query<Row>(
        `insert into referral_saved_view (clinic_id, id, person_id, person_name, name, view, filters, team_id) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning ${COLUMNS}`,
        [scope.clinicId, newId(), person.id, person.name, words.name, words.view, JSON.stringify(words.filters), words.sharedWith],
      );
      const [row] = rows;
      if (!row) throw nameTaken();
      return savedView(row);
    });
  }

  async change(scope: Scope, id: string, words: SavedViewWords, version: number | undefined): Promise<SavedView> {
    return this.transactions.run(scope, async (tx) => {
      expectVersion(version, (await this.#own(tx, id)).version);
      const others = await tx.query<{ name: string }>('select name from referral_saved_view where clinic_id = $1 and person_id = $2 and id <> $3', [scope.clinicId, personOf(tx).id, id]);
      await this.#check(tx, words, others.map(({ name }) => name));
      const [row] = await tx.query<Row>(
        `update referral_saved_view set name = $3, view = $4, filters = $5, team_id = $6, version = version + 1 where clinic_id = $1 and id = $2 returning ${COLUMNS}`,
        [scope.clinicId, id, words.name, words.view, JSON.stringify(words.filters), words.sharedWith],
      );
      if (!row) throw notFound('The view');
      return savedView(row);
    });
  }

  async remove(scope: Scope, id: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      await this.#own(tx, id);
      await tx.query('delete from referral_saved_view where clinic_id = $1 and id = $2', [scope.clinicId, id]);
    });
  }

  async #own(tx: Tx, id: string): Promise<Row> {
    const [row] = await tx.query<Row>(`select ${COLUMNS} from referral_saved_view where clinic_id = $1 and id = $2 and person_id = $3 for update`, [tx.scope.clinicId, id, personOf(tx).id]);
    if (!row) throw notFound('The view');
    return row;
  }

  async #check(tx: Tx, { name, sharedWith }: SavedViewWords, taken: readonly string[]): Promise<void> {
    if (taken.includes(name)) throw nameTaken();
    if (sharedWith !== null) await this.teams.demand(tx, sharedWith, 'sharedWith');
  }
}

const nameTaken = (): Error => conflict('You keep a view of this name already.', { code: 'view.name', issues: [{ path: 'name', message: 'Choose a name that none of your views has.' }] });

const savedView = (row: Row): SavedView => ({
  id: row.id,
  name: row.name,
  view: row.view,
  filters: row.filters,
  sharedWith: row.team_id,
  owner: { id: row.person_id, name: row.person_name },
  version: row.version,
});
