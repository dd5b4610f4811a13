import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirModule } from '@cairn/fhir';
import { OutcomesModule } from '@cairn/outcomes';
import { PeopleModule } from '@cairn/people';
import { DueWorkRegistry, OpenLoops } from '@cairn/platform';
import { ReferralsModule } from '@cairn/referrals';
import { Agenda } from './agenda.service.js';
import { CasePackDesk } from './case-pack-desk.service.js';
import { CasePacks } from './case-packs.service.js';
import { Colleagues } from './colleagues.service.js';
import { ConferenceController } from './conference.controller.js';
import { ConferenceLedger } from './conference-ledger.service.js';
import { ConferenceMinutes } from './conference-minutes.service.js';
import { ConferencePlanning } from './conference-planning.service.js';
import { ConferenceQueries } from './conferences.queries.js';
import { ConferenceSession } from './conference-session.service.js';
import { MinutesController } from './minutes.controller.js';
import { MinutesRendering } from './minutes-rendering.service.js';
import { MinutesSigning } from './minutes-signing.service.js';
import { RecommendationController } from './recommendation.controller.js';
import { RecommendationDesk } from './recommendation-desk.service.js';
import { openRecommendations } from './recommendation.loops.js';
import { RecommendationOverdueWork } from './recommendation-overdue.work.js';
import { Recommendations } from './recommendations.service.js';

/** The team's case conferences: agenda, case packs, decisions, signed minutes, and the ledger from decision to done. */
@Module({
  imports: [FhirModule, PeopleModule, OutcomesModule, ReferralsModule],
  controllers: [ConferenceController, MinutesController, RecommendationController],
  providers: [
    Agenda,
    CasePackDesk,
    CasePacks,
    Colleagues,
    ConferenceLedger,
    ConferenceMinutes,
    ConferencePlanning,
    ConferenceQueries,
    ConferenceSession,
    MinutesRendering,
    MinutesSigning,
    RecommendationDesk,
    RecommendationOverdueWork,
    Recommendations,
  ],
  exports: [Recommendations],
})
export class ConferencesModule implements OnModuleInit {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly overdue: RecommendationOverdueWork,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.registry.register(this.overdue);
    this.loops.register(openRecommendations);
  }
}
