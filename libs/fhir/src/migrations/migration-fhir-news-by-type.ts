import { Migration } from '@mikro-orm/migrations';

/** News of what Cairn wrote carry the resource's type in their name; those that nobody has relayed yet are named anew, so that none is lost. */
export class FhirNewsByTypeMigration extends Migration {
  override up(): void {
    this.addSql(`update outbox set event = event || '.' || (ids->>'type') where event = 'fhir.projection-written' and relayed_at is null`);
  }
}
