import type { Entities } from '@cairn/platform';
import { EhrCheck } from './check/check.entity.js';
import { EhrConnection } from './connection/ehr-connection.entity.js';
import { EhrDeliveryTransition } from './delivery/delivery-transition.entity.js';
import { EhrDelivery } from './delivery/delivery.entity.js';
import { EhrResourceLink } from './links/resource-link.entity.js';

export type { CheckStep, StepOutcome } from './check/check-step.js';
export { EhrChecks, type CheckReport } from './check/ehr-checks.service.js';
export { registerClient, type ClientWish } from './connection/client-registration.js';
export type { ConnectionView } from './connection/connection.queries.js';
export { DEFAULT_SCOPES, EhrConnections, type ConnectionWish } from './connection/ehr-connections.service.js';
export type { DeliveryHistory, DeliveryView, Page } from './delivery/delivery.queries.js';
export { ehrMigrations } from './ehr.migration.js';
export { EhrModule } from './ehr.module.js';

/** Entities of this lib. */
export const ehrEntities: Entities = [EhrConnection, EhrDelivery, EhrDeliveryTransition, EhrResourceLink, EhrCheck];
