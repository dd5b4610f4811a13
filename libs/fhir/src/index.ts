export { FhirCommands, type FhirCommandHandler, type FhirWrite } from './commands/fhir-commands.js';
export { isResourceType, resourceTypes } from './definitions/structures.js';
export { PROJECTION_WRITTEN } from './fhir.events.js';
export { FhirModule } from './fhir.module.js';
export { fhirMigrations } from './migrations/index.js';
export { readExchanged, type ExchangedVersion } from './store/exchanged-version.js';
export { FhirStore, type SearchParameters, type Stored, type UpdateOptions } from './store/fhir-store.js';
export { connectionsOf, sharePatient, unsharePatient } from './store/patient-shares.js';
export { validate } from './validation/validate.js';
