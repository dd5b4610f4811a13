import type { Provider, Type } from '@nestjs/common';
import { ReferralBulk } from './referral-bulk.service.js';
import { ReferralClaims } from './referral-claims.service.js';
import { ReferralFacets } from './referral-facets.service.js';
import { ReferralFacetsWatch } from './referral-facets.watch.js';
import { ReferralHandover } from './referral-handover.service.js';
import { ReferralHandsController } from './referral-hands.controller.js';
import { ReferralTeamsController } from './referral-teams.controller.js';
import { ReferralTeams } from './referral-teams.service.js';
import { TeamPlacement } from './team-placement.handler.js';
import { WorklistCounts } from './worklist-counts.service.js';
import { WorklistStreamController } from './worklist-stream.controller.js';
import { WorklistStream } from './worklist-stream.service.js';
import { WorklistViewsController } from './worklist-views.controller.js';
import { WorklistViews } from './worklist-views.service.js';

/** What stands around the worklist, for the one module of referrals. */
export const worklistControllers: Type[] = [WorklistStreamController, ReferralHandsController, ReferralTeamsController, WorklistViewsController];
export const worklistProviders: Provider[] = [
  ReferralBulk,
  ReferralClaims,
  ReferralFacets,
  ReferralFacetsWatch,
  ReferralHandover,
  ReferralTeams,
  TeamPlacement,
  WorklistCounts,
  WorklistStream,
  WorklistViews,
];
