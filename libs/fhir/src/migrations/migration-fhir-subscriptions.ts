import { sweptTable, tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';

/** Who may see a subscription: other clients of the connection that made it, or the client that did where it belongs to none. */
const OWN = `case when cairn_connection() is null then connection_id is null and subscriber = cairn_actor() else connection_id = cairn_connection() end`;

/**
 * Subscriptions. The resource itself lies in `fhir_resource`, where only its subscriber sees it; here stands how its deliveries are doing.
 * `fhir_subscription_interest` names the types that some active subscription of the clinic wants to hear of, so that each write learns by one look
 * whether it is news; `fhir_news` holds what nobody has yet weighed against the subscriptions.
 */
export class FhirSubscriptionsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table fhir_subscription (
        clinic_id uuid not null,
        id text collate "C" not null,
        subscriber text not null,
        client_id text not null,
        client_name text not null,
        connection_id uuid,
        scopes text[] not null,
        state text not null check (state in ('requested', 'active', 'error', 'off')),
        resource_type text collate "C" not null,
        topic text,
        host text not null,
        sealed_headers text,
        sealed_secret text not null,
        sealed_former_secret text,
        former_secret_until timestamptz,
        ends_at timestamptz,
        made_at timestamptz not null,
        events bigint not null default 0,
        delivered bigint not null default 0,
        weighed bigint not null default 0,
        batch_to bigint,
        attempts int not null default 0,
        claims int not null default 0,
        due_at timestamptz,
        claimed_until timestamptz,
        last_sent_at timestamptz,
        problem text,
        failed_at timestamptz,
        primary key (clinic_id, id)
      );
      create index fhir_subscription_due on fhir_subscription (due_at) where due_at is not null;
      create index fhir_subscription_subscriber on fhir_subscription (clinic_id, subscriber) where state <> 'off';
      ${tenantTable('fhir_subscription', 'select, insert, update')}
      ${sweptTable('fhir_subscription', 'clinic_id, id, due_at, claimed_until, claims')}
      create policy subscriber on fhir_subscription as restrictive to cairn_app using (cairn_actor() is null or ${OWN});

      create table fhir_subscription_event (
        clinic_id uuid not null,
        subscription_id text collate "C" not null,
        number bigint not null,
        occurred_at timestamptz not null,
        resource_type text collate "C" not null,
        resource_id text collate "C" not null,
        version int not null,
        interaction text not null check (interaction in ('create', 'update')),
        dead_at timestamptz,
        primary key (clinic_id, subscription_id, number),
        foreign key (clinic_id, subscription_id) references fhir_subscription
      );
      create index fhir_subscription_event_age on fhir_subscription_event (clinic_id, subscription_id, occurred_at);
      ${tenantTable('fhir_subscription_event', 'select, insert, update, delete')}
      create policy subscriber on fhir_subscription_event as restrictive to cairn_app
        using (cairn_actor() is null or exists (select from fhir_subscription s where s.clinic_id = fhir_subscription_event.clinic_id and s.id = subscription_id));

      create table fhir_subscription_interest (
        clinic_id uuid not null,
        resource_type text collate "C" not null,
        subscription_id text collate "C" not null,
        primary key (clinic_id, resource_type, subscription_id)
      );
      ${tenantTable('fhir_subscription_interest', 'select, insert, delete')}

      create table fhir_news (
        clinic_id uuid not null,
        position bigint generated always as identity,
        resource_type text collate "C" not null,
        resource_id text collate "C" not null,
        version int not null,
        written_at timestamptz not null,
        primary key (clinic_id, position)
      );
      ${tenantTable('fhir_news', 'select, insert, update, delete')}
      ${sweptTable('fhir_news', 'clinic_id, position')}
      create policy weighing on fhir_news as restrictive for select to cairn_app using (cairn_actor() is null);

      create function fhir_subscription_visible(clinic uuid, subscription text) returns boolean
        language sql stable parallel safe security definer set search_path = public, pg_temp
        as $$ select exists (select from fhir_subscription where clinic_id = clinic and id = subscription and ${OWN}) $$;
      revoke execute on function fhir_subscription_visible from public;
      grant execute on function fhir_subscription_visible to cairn_app;

      create policy subscriber on fhir_resource as restrictive for select to cairn_app
        using (resource_type <> 'Subscription' or (select cairn_actor()) is null or fhir_subscription_visible(clinic_id, id));
      create policy subscriber on fhir_history as restrictive for select to cairn_app
        using (resource_type <> 'Subscription' or (select cairn_actor()) is null or fhir_subscription_visible(clinic_id, id));
    `);
  }
}
