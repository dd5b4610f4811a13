import type { Type } from '@nestjs/common';
import { ConferencesModule, conferencesEntities, conferencesMigrations } from '@cairn/conferences';
import { EhrModule, ehrEntities, ehrMigrations } from '@cairn/ehr';
import { FhirModule, fhirMigrations } from '@cairn/fhir';
import { NotificationsModule, notificationsEntities, notificationsMigrations } from '@cairn/notifications';
import { OutcomesModule, outcomesEntities, outcomesMigrations } from '@cairn/outcomes';
import { PeopleModule, peopleEntities, peopleMigrations } from '@cairn/people';
import { PlansModule, plansEntities, plansMigrations } from '@cairn/plans';
import { platformMigrations, type Entities, type NamedMigration } from '@cairn/platform';
import { ProgrammesModule, programmesEntities, programmesMigrations } from '@cairn/programmes';
import { ReferralsModule, referralsEntities, referralsMigrations } from '@cairn/referrals';
import { RemindersModule, remindersEntities, remindersMigrations } from '@cairn/reminders';

/** The features that the API and the worker load, in the order of the floor plan. */
export const featureModules: readonly Type[] = [FhirModule, PeopleModule, OutcomesModule, ReferralsModule, ConferencesModule, PlansModule, ProgrammesModule, RemindersModule, NotificationsModule, EhrModule];

/** Entities of all features. */
export const entities: Entities = [...peopleEntities, ...outcomesEntities, ...referralsEntities, ...conferencesEntities, ...plansEntities, ...programmesEntities, ...remindersEntities, ...notificationsEntities, ...ehrEntities];

/** Migrations of all libs. They run in the order of their names. */
export const migrations: readonly NamedMigration[] = [
  ...platformMigrations,
  ...fhirMigrations,
  ...peopleMigrations,
  ...outcomesMigrations,
  ...referralsMigrations,
  ...conferencesMigrations,
  ...plansMigrations,
  ...programmesMigrations,
  ...remindersMigrations,
  ...notificationsMigrations,
  ...ehrMigrations,
];
