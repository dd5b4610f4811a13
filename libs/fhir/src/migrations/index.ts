import type { NamedMigration } from '@cairn/platform';
import { FhirAuditMigration } from './migration-fhir-audit.js';
import { FhirExportPatientsMigration } from './migration-fhir-export-patients.js';
import { FhirExportMigration } from './migration-fhir-export.js';
import { FhirExportLabelsMigration } from './migration-fhir-export-labels.js';
import { FhirLabelsMigration } from './migration-fhir-labels.js';
import { FhirHistoryMigration } from './migration-fhir-history.js';
import { FhirRefusedWritesMigration } from './migration-fhir-refused-writes.js';
import { FhirMessageMigration } from './migration-fhir-message.js';
import { FhirSubscriptionsMigration } from './migration-fhir-subscriptions.js';
import { FhirResourceNameMigration } from './migration-fhir-resource-name.js';
import { FhirNewsByTypeMigration } from './migration-fhir-news-by-type.js';
import { FhirMigration } from './migration-fhir.js';

/** The FHIR store's migrations. */
export const fhirMigrations: readonly NamedMigration[] = [
  { name: '202611220200_fhir', class: FhirMigration },
  { name: '202611221220_fhir_history', class: FhirHistoryMigration },
  { name: '202611251910_fhir_audit', class: FhirAuditMigration },
  { name: '202611252010_fhir_subscriptions', class: FhirSubscriptionsMigration },
  { name: '202611251930_fhir_resource_name', class: FhirResourceNameMigration },
  { name: '202611251920_fhir_export', class: FhirExportMigration },
  { name: '202611252010_fhir_labels', class: FhirLabelsMigration },
  { name: '202611252045_fhir_refused_writes', class: FhirRefusedWritesMigration },
  { name: '202611252050_fhir_message', class: FhirMessageMigration },
  { name: '202611252340_fhir_export_labels', class: FhirExportLabelsMigration },
  { name: '202611252345_fhir_export_patients', class: FhirExportPatientsMigration },
  { name: '202611261200_fhir_news_by_type', class: FhirNewsByTypeMigration },
];
