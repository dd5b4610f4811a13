import type { NamedMigration } from '@cairn/platform';
import { FhirMigration } from './migration-fhir.js';

/** The FHIR store's migrations. */
export const fhirMigrations: readonly NamedMigration[] = [{ name: '202611220200_fhir', class: FhirMigration }];
