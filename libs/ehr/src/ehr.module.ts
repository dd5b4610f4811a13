import { Module } from '@nestjs/common';
import { ReferralsModule } from '@cairn/referrals';
import { EhrChecks } from './check/ehr-checks.service.js';
import { ConnectionQueries } from './connection/connection.queries.js';
import { EhrAccess } from './connection/ehr-access.js';
import { EhrCapabilities } from './connection/ehr-capabilities.js';
import { EhrConnections } from './connection/ehr-connections.service.js';
import { Deliveries } from './delivery/deliveries.service.js';
import { DeliveryClaims } from './delivery/delivery-claims.js';
import { DeliveryPlanner } from './delivery/delivery-planner.js';
import { DeliveryQueries } from './delivery/delivery.queries.js';
import { DeliveryRecords } from './delivery/delivery-records.js';
import { DeliverySource } from './delivery/delivery-source.js';
import { DeliveryWork } from './delivery/delivery.work.js';
import { EhrConnectionController, UntoldController } from './ehr.controller.js';
import { EhrFhir } from './outside/ehr-fhir.js';
import { SmartDiscovery } from './outside/smart-discovery.js';
import { SmartTokens } from './outside/smart-tokens.js';

const offered = [EhrConnections, EhrChecks];

/** The only door to outside EHRs: connections, the SMART client, deliveries, the self-test. */
@Module({
  imports: [ReferralsModule],
  controllers: [EhrConnectionController, UntoldController],
  providers: [
    ...offered,
    ConnectionQueries,
    Deliveries,
    DeliveryClaims,
    DeliveryPlanner,
    DeliveryQueries,
    DeliveryRecords,
    DeliverySource,
    DeliveryWork,
    EhrAccess,
    EhrCapabilities,
    EhrFhir,
    SmartDiscovery,
    SmartTokens,
  ],
  exports: offered,
})
export class EhrModule {}
