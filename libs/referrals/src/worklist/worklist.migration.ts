import { Migration } from '@mikro-orm/migrations';
import { tenantTable, type NamedMigration } from '@cairn/platform';

/**
 * What the worklist asks for beyond a referral's course: whose team it is, what filters and full text look at, who has it in hands at this moment, and the
 * views that people keep. Each view has an index that begins with the clinic, what the view holds equal and the rank, and ends in the view's own order: a page
 * reads as many rows as it shows, at any depth.
 */
class WorklistMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table referral_team (
        clinic_id uuid not null references clinic,
        id uuid not null,
        name text not null,
        pool boolean not null,
        disciplines text[] not null,
        pathways text[] not null,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, name)
      );
      create unique index referral_team_pool on referral_team (clinic_id) where pool;
      ${tenantTable('referral_team', 'select, insert, update')}

      create table referral_team_member (
        clinic_id uuid not null,
        team_id uuid not null,
        person_id text not null,
        person_name text not null,
        primary key (clinic_id, team_id, person_id),
        foreign key (clinic_id, team_id) references referral_team
      );
      create index referral_team_member_person on referral_team_member (clinic_id, person_id);
      ${tenantTable('referral_team_member', 'select, insert, delete')}

      alter table referral
        add column stale_at timestamptz,
        add column team_id uuid,
        add column team_chosen boolean not null default false,
        add column discipline text,
        add column programme text,
        add column referrer text,
        add column referrer_key text,
        add column language text,
        add column area text,
        add column needs_access boolean not null default false,
        add column changed_at timestamptz not null default clock_timestamp(),
        add foreign key (clinic_id, team_id) references referral_team;
      insert into referral_team (clinic_id, id, name, pool, disciplines, pathways)
        select distinct clinic_id, gen_random_uuid(), 'Coordinators', true, '{}'::text[], '{}'::text[] from referral;
      update referral r set team_id = t.id, stale_at = case when r.settled_at is null then r.moved_at + interval '14 days' end
        from referral_team t where t.clinic_id = r.clinic_id;
      alter table referral add check (settled_at is not null or (team_id is not null and stale_at is not null));

      create index referral_worklist_team on referral (clinic_id, team_id, rank, next_action_at, id) where settled_at is null;
      create index referral_breaching on referral (clinic_id, rank, target_at, id) where settled_at is null and first_seen_at is null;
      create index referral_stale on referral (clinic_id, rank, stale_at, id) where settled_at is null;
      create index referral_returned on referral (clinic_id, settled_at, id) where settled_at is not null and state in ('declined', 'redirected');
      create index referral_open_language on referral (clinic_id, language) where settled_at is null;
      create index referral_open_referrer on referral (clinic_id, referrer_key) where settled_at is null;
      create index referral_open_discipline on referral (clinic_id, discipline) where settled_at is null;
      create index referral_open_programme on referral (clinic_id, programme) where settled_at is null;
      create index referral_changed on referral (clinic_id, changed_at, id);

      create function referral_changed() returns trigger language plpgsql as $$
        begin
          new.changed_at := clock_timestamp();
          perform pg_notify('cairn_referral', new.clinic_id || ' ' || new.id || ' ' || new.version || ' ' || (extract(epoch from new.changed_at) * 1000000)::bigint);
          return new;
        end $$;
      create trigger referral_changed before insert or update on referral for each row execute function referral_changed();

      create table referral_word (
        clinic_id uuid not null,
        word text collate "C" not null,
        referral_id uuid not null,
        source text not null check (source in ('request', 'note', 'need')),
        primary key (clinic_id, word, referral_id, source),
        foreign key (clinic_id, referral_id) references referral
      );
      create index referral_word_referral on referral_word (clinic_id, referral_id);
      ${tenantTable('referral_word', 'select, insert, delete')}

      create table referral_claim (
        clinic_id uuid not null,
        referral_id uuid not null,
        person_id text not null,
        person_name text not null,
        claimed_at timestamptz not null,
        expires_at timestamptz not null,
        changed_at timestamptz not null default clock_timestamp(),
        primary key (clinic_id, referral_id),
        foreign key (clinic_id, referral_id) references referral
      );
      create index referral_claim_changed on referral_claim (clinic_id, changed_at);
      ${tenantTable('referral_claim', 'select, insert, update')}
      create function referral_claim_changed() returns trigger language plpgsql as $$
        begin
          new.changed_at := clock_timestamp();
          perform pg_notify('cairn_referral', r.clinic_id || ' ' || r.id || ' ' || r.version || ' ' || (extract(epoch from new.changed_at) * 1000000)::bigint)
            from referral r where r.clinic_id = new.clinic_id and r.id = new.referral_id;
          return new;
        end $$;
      create trigger referral_claim_changed before insert or update on referral_claim for each row execute function referral_claim_changed();

      create table referral_assignment (
        clinic_id uuid not null,
        id uuid not null,
        referral_id uuid not null,
        kind text not null check (kind in ('assign', 'hand-over', 'route')),
        happened_at timestamptz not null,
        by_id text not null,
        by_name text not null,
        to_person_id text,
        to_person_name text,
        team_id uuid not null,
        note text,
        primary key (clinic_id, id),
        foreign key (clinic_id, referral_id) references referral,
        foreign key (clinic_id, team_id) references referral_team
      );
      create index referral_assignment_referral on referral_assignment (clinic_id, referral_id, id);
      ${tenantTable('referral_assignment', 'select, insert')}

      create table referral_saved_view (
        clinic_id uuid not null references clinic,
        id uuid not null,
        person_id text not null,
        person_name text not null,
        name text not null,
        view text not null,
        filters jsonb not null,
        team_id uuid,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, person_id, name),
        foreign key (clinic_id, team_id) references referral_team
      );
      create index referral_saved_view_team on referral_saved_view (clinic_id, team_id) where team_id is not null;
      ${tenantTable('referral_saved_view')}
    `);
  }
}

/** "Is null" holds a column to one value, yet PostgreSQL doesn't count on it for an index's order: it read and sorted all that nobody has, where a page was asked for. */
class UnassignedMigration extends Migration {
  override up(): void {
    this.addSql('create index referral_unassigned on referral (clinic_id, rank, next_action_at, id) where settled_at is null and owner_id is null');
  }
}

export const worklistMigrations: readonly NamedMigration[] = [
  { name: '202611251900_worklist', class: WorklistMigration },
  { name: '202611252210_worklist_unassigned', class: UnassignedMigration },
];
