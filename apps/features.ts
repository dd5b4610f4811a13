import type { Type } from '@nestjs/common';
import { FhirModule, fhirMigrations } from '@cairn/fhir';
import { platformMigrations, type Entities, type NamedMigration } from '@cairn/platform';

/** The features that the API and the worker load, in the order of the floor plan. */
export const featureModules: readonly Type[] = [FhirModule];

/** Entities of all features. */
export const entities: Entities = [];

/** Migrations of all libs. They run in the order of their names. */
export const migrations: readonly NamedMigration[] = [...platformMigrations, ...fhirMigrations];
