-- The roles that Cairn works with. Run by a superuser, as often as one likes, with the passwords as psql variables:
--   psql -v owner_password=… -v app_password=… -f scripts/postgres/roles.sql
-- cairn_owner owns the schema and migrates it. cairn_app is what the processes log in as; row-level security binds it.
-- cairn_sweeper can't log in: cairn_app takes its part for sweeps over all clinics, on the few columns granted to it. It must not inherit that part:
-- the sweeper's policies would then hold for every statement of the application, and open each swept table to all clinics.
do $$
begin
  if not exists (select from pg_roles where rolname = 'cairn_owner') then create role cairn_owner; end if;
  if not exists (select from pg_roles where rolname = 'cairn_app') then create role cairn_app; end if;
  if not exists (select from pg_roles where rolname = 'cairn_sweeper') then create role cairn_sweeper; end if;
end
$$;
alter role cairn_owner with login nosuperuser nobypassrls password :'owner_password';
alter role cairn_app with login nosuperuser nobypassrls password :'app_password';
alter role cairn_sweeper with nologin nosuperuser nobypassrls;
grant cairn_sweeper to cairn_app with inherit false, set true;
