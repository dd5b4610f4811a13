/**
 * SQL that puts a table with a `clinic_id` column under row-level security and lets the application's role work on it within its clinic.
 * `acts` are the privileges granted; an append-only table gets `select, insert`.
 */
export const tenantTable = (table: string, acts = 'select, insert, update, delete'): string => `
  alter table ${table} enable row level security;
  create policy clinic on ${table} to cairn_app
    using (clinic_id = (select cairn_clinic())) with check (clinic_id = (select cairn_clinic()));
  grant ${acts} on ${table} to cairn_app;`;

/** SQL that lets the sweeper see the named columns of every clinic's rows: those that say what is due, never clinical content. */
export const sweptTable = (table: string, columns: string): string => `
  create policy sweep on ${table} for select to cairn_sweeper using (true);
  grant select (${columns}) on ${table} to cairn_sweeper;`;
