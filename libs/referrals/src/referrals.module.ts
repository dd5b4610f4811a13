import { Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { FhirCommands, FhirModule, SubscriptionTopics, readTopics } from '@cairn/fhir';
import { AlertSubjects, OutcomesModule } from '@cairn/outcomes';
import { PeopleModule } from '@cairn/people';
import { DueWorkRegistry, EventHandlers, OpenLoops } from '@cairn/platform';
import { ReferralRoutes } from './actions/referral-routes.service.js';
import { DischargeWatch } from './discharge-watch.service.js';
import { IntakeLinksController } from './intake-links.controller.js';
import { IntakeLinks } from './intake-links.service.js';
import { IntakePageController } from './intake-page.controller.js';
import { ReferralProposalsController } from './referral-proposals.controller.js';
import { ReferralProposals } from './referral-proposals.service.js';
import { IncompleteReferralWork } from './incomplete-referral.work.js';
import { IncompleteReferrals } from './incomplete-referral.service.js';
import { ReferralAdvice } from './referral-advice.service.js';
import { ReferralConversationController } from './referral-conversation.controller.js';
import { AuthorisationClockWork } from './authorisations/authorisation-clock.work.js';
import { AuthorisationDesk } from './authorisations/authorisation-desk.service.js';
import { AuthorisationVisits } from './authorisations/authorisation-visits.watch.js';
import { AuthorisationsController } from './authorisations/authorisations.controller.js';
import { Authorisations } from './authorisations/authorisations.service.js';
import { ReferralAlertSubject } from './referral-alert-subject.js';
import { ReferralAttachmentsController } from './referral-attachments.controller.js';
import { ReferralAttachments } from './referral-attachments.service.js';
import { ReferralCareController } from './referral-care.controller.js';
import { ReferralCare } from './referral-care.service.js';
import { ReferralClosingController } from './referral-closing.controller.js';
import { ReferralClosing } from './referral-closing.service.js';
import { ReferralCommands } from './referral-commands.service.js';
import { ReferralController } from './referral.controller.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralDeliveries } from './referral-deliveries.service.js';
import { ReferralDesk } from './referral-desk.service.js';
import { ReferralDuplicatesController } from './referral-duplicates.controller.js';
import { ReferralDuplicates } from './referral-duplicates.service.js';
import { ReferralEvidence } from './referral-evidence.service.js';
import { ReferralIntake } from './referral-intake.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralLists } from './referral.queries.js';
import { ReferralRecordWatch } from './referral-record-watch.service.js';
import { ReferralRegistration } from './referral-registration.service.js';
import { ReferralRequester } from './referral-requester.service.js';
import { ReferralSafetyController } from './referral-safety.controller.js';
import { ReferralSafety } from './referral-safety.service.js';
import { SafetyReports } from './safety-report.queries.js';
import { ReferralScreening } from './referral-screening.service.js';
import { ReferralSources } from './referral-sources.service.js';
import topics from './referral-topics.json' with { type: 'json' };
import { ReferralTriageController } from './referral-triage.controller.js';
import { ReferralTriage } from './referral-triage.service.js';
import { openAuthorisations, openReferrals, untakenTasks } from './referral.loops.js';
import { Referrals } from './referrals.service.js';
import { ReviewOverdueWork } from './review-overdue.work.js';
import { StaleReferralWork } from './stale-referral.work.js';
import { TriageRulesController } from './triage-rules.controller.js';
import { TriageRules } from './triage-rules.service.js';
import { TriageSuggestions } from './triage-suggestions.service.js';
import { WaitingLinks } from './waiting-links.service.js';
import { WaitingPageController } from './waiting-page.controller.js';
import { WaitingList } from './waiting-list.service.js';
import { WaitingQuestionWork } from './waiting-question.work.js';
import { ReferralReports } from './reports/referral-reports.service.js';
import { ReportQueries } from './reports/report.queries.js';
import { ReportsController } from './reports/reports.controller.js';
import { UndoWindowWork } from './undo-window.work.js';
import { ReferralFacetsWatch } from './worklist/referral-facets.watch.js';
import { TeamPlacement } from './worklist/team-placement.handler.js';
import { worklistControllers, worklistProviders } from './worklist/worklist.wiring.js';

const offered = [Referrals, ReferralDeliveries, ReferralSources];

/** Referrals from their arrival to their outcome. */
@Module({
  imports: [DiscoveryModule, FhirModule, OutcomesModule, PeopleModule],
  controllers: [ReferralController, ReferralTriageController, ReferralCareController, ReferralClosingController, ReferralSafetyController, ReferralDuplicatesController, ReferralAttachmentsController, ReferralConversationController, TriageRulesController, IntakeLinksController, IntakePageController, ReferralProposalsController, WaitingPageController, ...worklistControllers, ReportsController, AuthorisationsController],
  providers: [
    ...offered,
    DischargeWatch,
    IntakeLinks,
    ReferralProposals,
    IncompleteReferralWork,
    IncompleteReferrals,
    ReferralAlertSubject,
    ReferralCare,
    ReferralClosing,
    ReferralCommands,
    ReferralDecisions,
    ReferralAdvice,
    ReferralAttachments,
    ReferralDesk,
    ReferralDuplicates,
    ReferralEvidence,
    ReferralIntake,
    ReferralLists,
    ReferralMoves,
    ReferralProjection,
    ReferralRecordWatch,
    ReferralRegistration,
    ReferralRequester,
    ReferralRoutes,
    ReferralSafety,
    ReferralScreening,
    ReviewOverdueWork,
    ReferralTriage,
    SafetyReports,
    TriageRules,
    TriageSuggestions,
    WaitingLinks,
    WaitingList,
    WaitingQuestionWork,
    StaleReferralWork,
    UndoWindowWork,
    ...worklistProviders,
    Authorisations,
    AuthorisationDesk,
    AuthorisationVisits,
    AuthorisationClockWork,
    ReferralReports,
    ReportQueries,
  ],
  exports: offered,
})
export class ReferralsModule implements OnModuleInit {
  constructor(
    private readonly dueWork: DueWorkRegistry,
    private readonly fhirCommands: FhirCommands,
    private readonly topics: SubscriptionTopics,
    private readonly commands: ReferralCommands,
    private readonly discharge: DischargeWatch,
    private readonly undoWindow: UndoWindowWork,
    private readonly reviewOverdue: ReviewOverdueWork,
    private readonly incomplete: IncompleteReferralWork,
    private readonly waitingQuestion: WaitingQuestionWork,
    private readonly stale: StaleReferralWork,
    private readonly alertSubjects: AlertSubjects,
    private readonly alertSubject: ReferralAlertSubject,
    private readonly eventHandlers: EventHandlers,
    private readonly facets: ReferralFacetsWatch,
    private readonly placement: TeamPlacement,
    private readonly authorisationClock: AuthorisationClockWork,
    private readonly visits: AuthorisationVisits,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.fhirCommands.register(this.commands);
    for (const topic of readTopics(topics)) this.topics.register(topic);
    this.fhirCommands.register(this.discharge);
    this.dueWork.register(this.undoWindow);
    this.dueWork.register(this.reviewOverdue);
    this.dueWork.register(this.incomplete);
    this.dueWork.register(this.waitingQuestion);
    this.dueWork.register(this.stale);
    this.alertSubjects.register(this.alertSubject);
    this.fhirCommands.register(this.facets);
    this.eventHandlers.register(this.facets);
    this.eventHandlers.register(this.placement);
    this.dueWork.register(this.authorisationClock);
    this.fhirCommands.register(this.visits);
    this.eventHandlers.register(this.visits);
    this.loops.register(openReferrals);
    this.loops.register(untakenTasks);
    this.loops.register(openAuthorisations);
  }
}
