/**
 * Parts of a writing statement that note which of the versions it writes are news: those of types that some subscription of the clinic waits for, deletions left
 * out. One look into an index for the statement, and nothing else, where nobody does. Expects the clinic as `$1`, the present as `$2`, and the versions as a part
 * `i` of it, with resource_type, id, version and method.
 */
export const NOTE_NEWS = `heard as (
    select i.resource_type, i.id, i.version from i
    where i.method <> 'DELETE' and i.resource_type = any(array(select s.resource_type from fhir_subscription_interest s where s.clinic_id = $1))
  ),
  news as (
    insert into fhir_news (clinic_id, resource_type, resource_id, version, written_at)
    select $1::uuid, resource_type, id, version, $2::timestamptz from heard
  )`;

/** Whether something was news, for the columns of the statement's result. */
export const IS_NEWS = 'exists (select from heard) as news';
