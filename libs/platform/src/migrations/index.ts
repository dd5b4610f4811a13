import type { NamedMigration } from '../database/migrate.js';
import { ActorMigration } from './migration-actor.js';
import { AuditEntitiesMigration } from './migration-audit-entities.js';
import { AuditTrailMigration } from './migration-audit-trail.js';
import { ClientValidationMigration } from './migration-client-validation.js';
import { PlatformMigration } from './migration-platform.js';

/** The platform's migrations. A name starts with the date and hour it was made, which is the order they run in over all libs. */
export const platformMigrations: readonly NamedMigration[] = [
  { name: '202611220100_platform', class: PlatformMigration },
  { name: '202611251900_audit_trail', class: AuditTrailMigration },
  { name: '202611252000_actor', class: ActorMigration },
  { name: '202611252010_client_validation', class: ClientValidationMigration },
  { name: '202611252345_audit_entities', class: AuditEntitiesMigration },
];
