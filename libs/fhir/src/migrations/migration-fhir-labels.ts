import { tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';
import { CARE_TEAM_LABELS, CONSENT_RULES, INHERITED_LABELS, INHERITED_STAFF, OWN_LABELS, STAFF } from '../access/label-bits.js';

/** A hospital's system sees what guards the patients that are shared with it, and of the clinic's own people nothing. */
const ofShared = (table: string): string => `
  create policy connection on ${table} as restrictive to cairn_app using ((select cairn_connection()) is null or exists (
    select from fhir_patient_share s where s.clinic_id = ${table}.clinic_id and s.connection_id = (select cairn_connection()) and s.patient_id = ${table}.patient_id));`;
const ofClinic = (table: string): string => `
  create policy connection on ${table} as restrictive to cairn_app using ((select cairn_connection()) is null);`;

/**
 * Keeps labelled records from those who aren't cleared for them, wherever they are read: one more policy on the versions, which costs
 * nothing where a row has no label. `labels` of a row are the classes of its own security labels and, in bits of their own, what it
 * inherits from its patient: that the patient works here, and that some Consent has something to say.
 *
 * In `fhir_guard`, in this order: Cairn's own work and what somebody wrote or sent themselves is open; so is what a person broke the glass
 * for; then the patient's Consents decide, then the labels, then the care team where one is recorded.
 */
export class FhirLabelsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create function cairn_clearance() returns int language sql stable parallel safe
        as $$ select coalesce(nullif(current_setting('cairn.clearance', true), '')::int, 0) $$;

      alter table fhir_resource add column labels int not null default 0;
      alter table fhir_history add column labels int not null default 0;

      create table fhir_patient_label (
        clinic_id uuid not null,
        patient_id text collate "C" not null,
        source text collate "C" not null,
        labels int not null,
        primary key (clinic_id, patient_id, source)
      );
      ${ofShared('fhir_patient_label')}
      ${tenantTable('fhir_patient_label', 'select')}

      create table fhir_consent_rule (
        clinic_id uuid not null,
        consent_id text collate "C" not null,
        number int not null,
        patient_id text collate "C" not null,
        effect text not null check (effect in ('deny', 'permit')),
        depth int not null,
        actors text[] not null,
        types text[] not null,
        labels int not null,
        starts_at timestamptz,
        ends_at timestamptz,
        primary key (clinic_id, consent_id, number)
      );
      create index fhir_consent_rule_patient on fhir_consent_rule (clinic_id, patient_id);
      ${ofShared('fhir_consent_rule')}
      ${tenantTable('fhir_consent_rule', 'select, insert, delete')}

      create table fhir_care_team (
        clinic_id uuid not null,
        team_id text collate "C" not null,
        number int not null,
        patient_id text collate "C" not null,
        member text collate "C" not null,
        starts_at timestamptz,
        ends_at timestamptz,
        primary key (clinic_id, team_id, number)
      );
      create index fhir_care_team_patient on fhir_care_team (clinic_id, patient_id);
      ${ofShared('fhir_care_team')}
      ${tenantTable('fhir_care_team', 'select, insert, delete')}

      create table fhir_actor_name (
        clinic_id uuid not null,
        actor text collate "C" not null,
        reference text collate "C" not null,
        primary key (clinic_id, actor, reference)
      );
      create index fhir_actor_name_reference on fhir_actor_name (clinic_id, reference);
      ${ofClinic('fhir_actor_name')}
      ${tenantTable('fhir_actor_name', 'select, insert, delete')}

      create table fhir_break_glass (
        clinic_id uuid not null,
        id uuid not null,
        person text not null,
        person_name text not null,
        patient_id text collate "C" not null,
        labels int not null,
        reason text not null,
        begins_at timestamptz not null,
        ends_at timestamptz not null,
        reviewed_at timestamptz,
        reviewed_by text,
        review_note text,
        primary key (clinic_id, id)
      );
      create index fhir_break_glass_person on fhir_break_glass (clinic_id, person, patient_id, ends_at);
      ${ofClinic('fhir_break_glass')}
      ${tenantTable('fhir_break_glass', 'select, insert, update')}

      create function fhir_guard(clinic uuid, me text, mine uuid, clearance int, type text, row_labels int, patients text[], sent_by uuid, author text) returns boolean
        language plpgsql stable parallel safe security definer set search_path = public, pg_temp as $$
      declare
        guarded int := (row_labels & ${OWN_LABELS}) | case when row_labels & ${INHERITED_STAFF} <> 0 then ${STAFF} else 0 end;
        names text[];
        rule record;
        permitted int := 0;
      begin
        if me is null or clearance = -1 or coalesce(author in (me, 'cairn:' || me), false) or coalesce(sent_by = mine, false) then
          return true;
        end if;
        if patients <> '{}' and not exists (
          select from unnest(patients) p where not exists (
            select from fhir_break_glass g
            where g.clinic_id = clinic and g.person = me and g.patient_id = p and g.ends_at > now() and guarded & ~(g.labels | clearance) = 0)) then
          return true;
        end if;
        names := array_remove(array[me, 'connection:' || mine], null);
        names := names || array(select n.reference from fhir_actor_name n where n.clinic_id = clinic and n.actor = any(names));
        if row_labels & ${CONSENT_RULES} <> 0 then
          for rule in
            select distinct on (r.consent_id) r.effect, r.labels from fhir_consent_rule r
            where r.clinic_id = clinic and r.patient_id = any(patients)
              and (r.actors && names or (r.actors = '{}' and me like 'system:%'))
              and (r.types = '{}' or type = any(r.types))
              and (r.labels = 0 or r.labels & guarded <> 0)
              and coalesce(r.starts_at <= now(), true) and coalesce(r.ends_at > now(), true)
            order by r.consent_id, r.depth desc, r.effect
          loop
            if rule.effect = 'deny' then return false; end if;
            permitted := permitted | rule.labels;
          end loop;
          -- What one patient permits says nothing for another whom the same resource is about.
          if cardinality(patients) > 1 then permitted := 0; end if;
        end if;
        if guarded & ~(clearance | permitted) <> 0 then return false; end if;
        if guarded & ~permitted & ${CARE_TEAM_LABELS} <> 0 and me like 'person:%' then
          return not exists (
            select from unnest(patients) p
            where exists (select from fhir_care_team t where t.clinic_id = clinic and t.patient_id = p)
              and not exists (
                select from fhir_care_team t where t.clinic_id = clinic and t.patient_id = p and t.member = any(names)
                  and coalesce(t.starts_at <= now(), true) and coalesce(t.ends_at > now(), true)));
        end if;
        return true;
      end $$;

      create function fhir_labels_visible(clinic uuid, type text, labels int, patients text[], sent_by uuid, author text) returns boolean
        language sql stable parallel safe security definer set search_path = public, pg_temp as $$
          select fhir_guard(clinic, cairn_actor(), cairn_connection(), cairn_clearance(), type, labels, patients, sent_by, author)
        $$;

      -- Whether a connection may be told of a resource, whoever asks.
      create function fhir_disclosable(connection uuid, type text, resource text) returns boolean
        language sql stable parallel safe security definer set search_path = public, pg_temp as $$
          select coalesce((
            select r.labels = 0 or fhir_guard(cairn_clinic(), 'system:', connection, 0, type, r.labels, r.patient_ids, r.connection_id, r.author)
            from fhir_resource r where r.clinic_id = cairn_clinic() and r.resource_type = type and r.id = resource), false)
        $$;

      create or replace function fhir_number_visible(clinic uuid, number bigint) returns boolean
        language plpgsql stable parallel safe security definer set search_path = public, pg_temp as $$
      declare
        found_row record;
      begin
        select r.resource_type, r.patient_ids, r.owner, r.connection_id, r.labels, r.author into found_row from fhir_resource r where r.clinic_id = clinic and r.seq = number;
        return found and fhir_row_visible(clinic, found_row.resource_type, found_row.patient_ids, found_row.owner, found_row.connection_id)
          and (found_row.labels = 0 or fhir_labels_visible(clinic, found_row.resource_type, found_row.labels, found_row.patient_ids, found_row.connection_id, found_row.author));
      end $$;

      -- Sets what a source says of a patient, and hands it down to all that is about the patient, past versions included.
      create function fhir_label_patient(who text, hash bigint, said_by text, says int) returns void
        language plpgsql security definer set search_path = public, pg_temp as $$
      declare
        clinic uuid := cairn_clinic();
        inherited int;
      begin
        delete from fhir_patient_label l where l.clinic_id = clinic and l.patient_id = who and l.source = said_by;
        if says <> 0 then insert into fhir_patient_label values (clinic, who, said_by, says); end if;
        select coalesce(bit_or(l.labels), 0) into inherited from fhir_patient_label l where l.clinic_id = clinic and l.patient_id = who;
        with those as materialized (
          select r.resource_type, r.id from fhir_resource r where r.clinic_id = clinic and r.patient = hash and r.patient <> 0
          union
          select r.resource_type, r.id from fhir_resource r where r.clinic_id = clinic and r.patient = 0 and who = any(r.patient_ids)
        ), now_in_force as (
          update fhir_resource r set labels = (r.labels & ~${INHERITED_LABELS}) | inherited from those t
          where r.clinic_id = clinic and r.resource_type = t.resource_type and r.id = t.id and r.labels <> ((r.labels & ~${INHERITED_LABELS}) | inherited)
        )
        update fhir_history h set labels = (h.labels & ~${INHERITED_LABELS}) | inherited from those t
        where h.clinic_id = clinic and h.resource_type = t.resource_type and h.id = t.id and h.labels <> ((h.labels & ~${INHERITED_LABELS}) | inherited);
      end $$;

      revoke execute on function fhir_guard, fhir_labels_visible, fhir_disclosable, fhir_label_patient from public;
      grant execute on function fhir_labels_visible, fhir_disclosable, fhir_label_patient to cairn_app;

      create policy labels on fhir_resource as restrictive for select to cairn_app
        using (labels = 0 or fhir_labels_visible(clinic_id, resource_type, labels, patient_ids, connection_id, author));
      create policy labels on fhir_history as restrictive for select to cairn_app
        using (labels = 0 or fhir_labels_visible(clinic_id, resource_type, labels, patient_ids, connection_id, author));
    `);
  }
}
